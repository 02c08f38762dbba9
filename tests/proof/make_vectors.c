/*
 * make_vectors.c OUT N - writes a log of N entries in the C2SP formats, for programs not ours.
 *
 *   checkpoint, note.txt, note.sig, log.vkey, log.key (raw), witness.vkey, policy
 *   tile/…, tile/entries/…           through the same edge and reader as the server
 *   proof-<i>.tlog-proof, entry-<i>  for some entries i, made from the tiles
 *   consistency.json                 from every smaller size
 *   statement.zip, statement.policy  a statement file of another log with the same keys, and
 *   older, extension                 a checkpoint of its log before, with the consistency proof
 *
 * Keys come from fixed seeds: these are test vectors, never production keys.
 */
#include "base/hex.h"
#include "base/io.h"
#include "engine/merkle/testkit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define TILES_MAX 64

struct maker {
    struct arena *arena;
    const char *out;
    struct testkit_log log;
    struct merkle_hash tile[2][TILES_MAX][TLOG_TILE_WIDTH]; /* 64 × 256 entries are enough */
    int width[2][TILES_MAX];
};

static void must(enum err e, const struct fault *fault)
{
    if (!e)
        return;
    fprintf(stderr, "make_vectors: %s\n", fault->message);
    exit(1);
}

static void put(struct maker *m, struct str name, struct str data)
{
    struct fault fault = { 0 };
    struct str path = str_fmt(m->arena, "%s/" STR_FMT, m->out, STR_ARG(name));
    size_t end = path.len;
    while (path.data[end - 1] != '/')
        end--;
    must(io_make_folder(str_cstr(m->arena, str_cut(path, 0, end - 1)), &fault), &fault);
    must(io_write_file(str_cstr(m->arena, path), data, 0644, &fault), &fault);
}

static enum err put_tile(void *state, int level, uint64_t n, const struct merkle_hash *hashes,
                         int width, struct fault *fault)
{
    struct maker *m = state;
    struct tlog_tile tile = { level, n, width };
    if (level > 1 || n >= TILES_MAX)
        return fault_set(fault, ERR_RANGE, "too many entries");
    memcpy(m->tile[level][n], hashes, (size_t)width * sizeof *hashes);
    m->width[level][n] = width;
    put(m, tlog_tile_path(m->arena, tile),
        (struct str){ (const char *)hashes, (size_t)width * sizeof *hashes });
    return OK;
}

static enum err get_tile(void *state, int level, uint64_t n, int width,
                         const struct merkle_hash **ret, struct fault *fault)
{
    struct maker *m = state;
    if (level > 1 || n >= TILES_MAX || m->width[level][n] < width)
        return fault_set(fault, ERR_CORRUPT, "tile is missing");
    *ret = m->tile[level][n];
    return OK;
}

static void add_entries(struct maker *m, size_t count)
{
    struct merkle_hash subject = merkle_sha256(&testkit_crypto, STR("someone"));
    for (size_t i = 0; i < count; i++) {
        struct buf out = buf_in(m->arena);
        struct str text = str_fmt(m->arena, "statement %zu", i);
        struct tlog_entry entry = {
            .org = 7, .seq = i, .kind = STR("statement"), .period = STR("2026-10"),
            .at = STR("2026-10-31T16:00:00Z"), .subject = hex_encode(m->arena, subject.b, 32),
            .sha256 = merkle_sha256(&testkit_crypto, text),
        };
        tlog_entry_write(&out, &entry);
        testkit_add(&m->log, buf_view(&out));
    }
}

static void write_tiles(struct maker *m)
{
    struct fault fault = { 0 };
    struct tlog_edge *edge = arena_new(m->arena, struct tlog_edge);
    struct tlog_tile_sink sink = { put_tile, m };
    for (size_t i = 0; i < m->log.count; i++)
        must(tlog_edge_add(&testkit_crypto, edge, &m->log.leaves[i], &sink, &fault), &fault);
    must(tlog_edge_flush(edge, &sink, &fault), &fault);
    for (size_t from = 0; from < m->log.count; from += TLOG_TILE_WIDTH) {
        struct buf out = buf_in(m->arena);
        size_t to = MIN(m->log.count, from + TLOG_TILE_WIDTH);
        for (size_t i = from; i < to; i++)
            tlog_bundle_add(&out, m->log.entries[i]);
        struct tlog_tile tile = { TLOG_TILE_ENTRIES, from / TLOG_TILE_WIDTH, (int)(to - from) };
        put(m, tlog_tile_path(m->arena, tile), buf_view(&out));
    }
}

static void write_proofs(struct maker *m, struct tlog_tiles *tiles, struct str checkpoint)
{
    struct fault fault = { 0 };
    struct merkle_reader reader = tlog_tiles_reader(tiles);
    size_t count = m->log.count, picks[] = { 0, count / 3, count / 2, count - 1 };
    for (size_t k = 0; k < COUNT(picks); k++) {
        struct merkle_proof hashes;
        must(merkle_inclusion(&testkit_crypto, &reader, picks[k], count, &fault, &hashes), &fault);
        struct tlog_proof proof = { .index = picks[k], .hashes = hashes.hash,
                                    .count = hashes.count, .checkpoint = checkpoint };
        put(m, str_fmt(m->arena, "entry-%zu", picks[k]), m->log.entries[picks[k]]);
        put(m, str_fmt(m->arena, "proof-%zu.tlog-proof", picks[k]),
            tlog_proof_text(m->arena, &proof));
    }
}

static void add_hash(struct buf *out, const struct merkle_hash *hash)
{
    struct str text = base64_encode(out->arena, hash->b, sizeof hash->b);
    buf_fmt(out, "\"" STR_FMT "\"", STR_ARG(text));
}

static void write_consistency(struct maker *m, struct tlog_tiles *tiles)
{
    struct fault fault = { 0 };
    struct buf out = buf_in(m->arena);
    struct merkle_reader reader = tlog_tiles_reader(tiles);
    buf_char(&out, '[');
    for (uint64_t old = 1; old <= m->log.count; old++) {
        struct merkle_proof proof;
        struct merkle_hash root;
        must(merkle_root(&testkit_crypto, &reader, old, &fault, &root), &fault);
        must(merkle_consistency(&testkit_crypto, &reader, old, m->log.count, &fault, &proof),
             &fault);
        buf_fmt(&out, "%s{\"From\":%llu,\"OldRoot\":", old > 1 ? "," : "",
                (unsigned long long)old);
        add_hash(&out, &root);
        buf_cstr(&out, ",\"Proof\":[");
        for (size_t i = 0; i < proof.count; i++) {
            if (i)
                buf_char(&out, ',');
            add_hash(&out, &proof.hash[i]);
        }
        buf_cstr(&out, "]}");
    }
    buf_char(&out, ']');
    put(m, STR("consistency.json"), buf_view(&out));
}

static void write_keys(struct maker *m, struct str checkpoint)
{
    struct fault fault = { 0 };
    struct tlog_note note;
    struct str log = tlog_key_text(m->arena, &m->log.log.key);
    struct str witness = tlog_key_text(m->arena, &m->log.witness.key);
    must(tlog_note_parse(m->arena, checkpoint, &fault, &note), &fault);
    put(m, STR("checkpoint"), checkpoint);
    put(m, STR("note.txt"), note.text);
    put(m, STR("note.sig"), note.signatures[0].bytes);
    put(m, STR("log.vkey"), str_fmt(m->arena, STR_FMT "\n", STR_ARG(log)));
    put(m, STR("log.key"), (struct str){ (const char *)m->log.log.key.key, 32 });
    put(m, STR("witness.vkey"), str_fmt(m->arena, STR_FMT "\n", STR_ARG(witness)));
    put(m, STR("policy"),
        str_fmt(m->arena, "log " STR_FMT "\nwitness W1 " STR_FMT "\nquorum W1\n", STR_ARG(log),
                STR_ARG(witness)));
}

static void write_statement(struct maker *m)
{
    struct testkit_log log = testkit_log_open(m->arena, "qibing.example/log/7", 64);
    struct tlog_packet packet;
    testkit_statement(&log, 5, true, &packet);
    put(m, STR("statement.zip"), tlog_packet_write(m->arena, &packet));
    put(m, STR("statement.policy"), packet.policy);
    put(m, STR("older"), testkit_checkpoint(&log, 4, true));
    put(m, STR("extension"),
        testkit_extension(&log, 4, testkit_checkpoint(&log, log.count, true)));
}

int main(int argc, char **argv)
{
    uint64_t count;
    if (argc != 3 || !tlog_size_parse(str_from(argv[2]), &count) || count < 1 ||
        count > TILES_MAX * TLOG_TILE_WIDTH || sodium_init() < 0) {
        fprintf(stderr, "usage: proof-vectors OUT N   (1 <= N <= %d)\n",
                TILES_MAX * TLOG_TILE_WIDTH);
        return 2;
    }
    struct arena *arena = arena_open((size_t)4 << 30);
    struct maker *m = arena_new(arena, struct maker);
    m->arena = arena;
    m->out = argv[1];
    m->log = testkit_log_open(arena, "qibing.example/log/7", count);
    add_entries(m, count);
    write_tiles(m);
    struct str checkpoint = testkit_checkpoint(&m->log, count, true);
    struct tlog_tiles tiles = { get_tile, m, &testkit_crypto, count };
    write_keys(m, checkpoint);
    write_proofs(m, &tiles, checkpoint);
    write_consistency(m, &tiles);
    write_statement(m);
    arena_close(arena);
    return 0;
}
