// check_go.go DIR... - checks our logs with golang.org/x/mod (note, tlog), which is not ours.
// Debian: golang-go golang-golang-x-mod-dev; GO111MODULE=off GOPATH=/usr/share/gocode go run check_go.go DIR...
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println("FAIL:", err)
		os.Exit(1)
	}
}

func check(ok bool, format string, args ...any) {
	if !ok {
		must(fmt.Errorf(format, args...))
	}
}

func hash(s string) (h tlog.Hash) {
	b, err := base64.StdEncoding.DecodeString(s)
	must(err)
	check(len(b) == len(h), "hash of %d bytes", len(b))
	copy(h[:], b)
	return
}

// files reads tiles as x/mod asks for them: "tile/8/<level>/…" is our "tile/<level>/…".
type files struct{ dir string }

func (f files) Height() int { return 8 }
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
		b, err := os.ReadFile(filepath.Join(f.dir, path))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}
func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func log(dir string) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(err)
		return string(b)
	}
	v, err := note.NewVerifier(strings.TrimSpace(read("log.vkey")))
	must(err)
	n, err := note.Open([]byte(read("checkpoint")), note.VerifierList(v))
	must(err)
	lines := strings.Split(n.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root := hash(lines[2])

	// Every changed byte of the note's text is refused.
	for i := range n.Text {
		c := []byte(read("checkpoint"))
		c[i] ^= 1
		_, err := note.Open(c, note.VerifierList(v))
		check(err != nil, "changed byte %d of the checkpoint accepted", i)
	}

	proofs, err := filepath.Glob(filepath.Join(dir, "proof-*.tlog-proof"))
	must(err)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, files{dir})
	refused := 0
	for _, path := range proofs {
		b, err := os.ReadFile(path)
		must(err)
		head, checkpoint, ok := strings.Cut(string(b), "\n\n")
		check(ok && checkpoint == read("checkpoint"), "%s does not carry the checkpoint", path)
		ls := strings.Split(head, "\n")
		index, err := strconv.ParseInt(strings.TrimPrefix(ls[1], "index "), 10, 64)
		must(err)
		var p tlog.RecordProof
		for _, x := range ls[2:] {
			p = append(p, hash(x))
		}
		entry := []byte(read(fmt.Sprintf("entry-%d", index)))
		must(tlog.CheckRecord(p, size, root, index, tlog.RecordHash(entry)))
		for i := range entry {
			c := append([]byte(nil), entry...)
			c[i] ^= 1
			check(tlog.CheckRecord(p, size, root, index, tlog.RecordHash(c)) != nil, "changed byte %d accepted", i)
			refused++
		}
		// x/mod makes the same proof from our tiles, and checks the tiles against the root.
		q, err := tlog.ProveRecord(size, index, reader)
		must(err)
		check(fmt.Sprint(p) == fmt.Sprint(q), "entry %d: x/mod makes another proof", index)
	}

	var cs []struct {
		From    int64
		OldRoot string
		Proof   []string
	}
	must(json.Unmarshal([]byte(read("consistency.json")), &cs))
	check(int64(len(cs)) == size, "%d consistency proofs", len(cs))
	for _, c := range cs {
		var p tlog.TreeProof
		for _, x := range c.Proof {
			p = append(p, hash(x))
		}
		must(tlog.CheckTree(p, size, root, c.From, hash(c.OldRoot)))
		if len(p) > 0 {
			p[0][0] ^= 1
			check(tlog.CheckTree(p, size, root, c.From, hash(c.OldRoot)) != nil, "changed proof from %d accepted", c.From)
		}
	}

	// Entry bundles hold what the leaf tiles hash.
	seen := int64(0)
	for n := int64(0); n*256 < size; n++ {
		name := fmt.Sprintf("%03d", n)
		if w := size - n*256; w < 256 {
			name += fmt.Sprintf(".p/%d", w)
		}
		bundle, leaves := read("tile/entries/"+name), read("tile/0/"+name)
		for len(bundle) > 0 {
			l := int(binary.BigEndian.Uint16([]byte(bundle)))
			h := tlog.RecordHash([]byte(bundle[2 : 2+l]))
			check(string(h[:]) == leaves[:32], "entry %d is not its leaf", seen)
			bundle, leaves = bundle[2+l:], leaves[32:]
			seen++
		}
		check(leaves == "", "tile %s holds more than its bundle", name)
	}
	check(seen == size, "%d of %d entries in bundles", seen, size)
	fmt.Printf("x/mod: %d entries: signature of %s, %d inclusion proofs, %d changed bytes refused, %d consistency proofs, tiles and bundles ok\n",
		size, n.Sigs[0].Name, len(proofs), refused, len(cs))
}

func main() {
	for _, dir := range os.Args[1:] {
		log(dir)
	}
}
