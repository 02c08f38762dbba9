#!/usr/bin/env bash
# run.sh [SUITE…] - everything that is proven before a change is taken. Without names all suites run.
# One line per suite; the log of each in build/logs/; the last line is `N passed, N failed`.
#
# A suite that dies, runs out of its time, or prints no count at all has failed once more than it says.
set -u
cd "$(dirname "$0")/.."
export QIBING_BUILD=${QIBING_BUILD:-$PWD/build}
logs=$QIBING_BUILD/logs
jobs=${JOBS:-2}

# name, seconds it may take, what it is
suites="
style        60   limits of the house
release      600  build with gcc, as shipped
clang        600  build with clang, no warnings
wasm         120  base and engine compile for WebAssembly
unit         300  unit tests on SQLite
unit-pg      420  unit tests on PostgreSQL
unit-asan    1200 unit tests under ASan and UBSan
schemac      300  mistakes in descriptions
http         600  HTTP over sockets
proof        600  the log read by programs of others
stories      900  whole stories on SQLite
stories-pg   900  whole stories on PostgreSQL
kill         600  kill -9 under 64 writing clients
kill-pg      300  the same on PostgreSQL
fault        900  power loss, EIO, full disk, failing allocations
fuzz         700  a minute of fuzzing
screens      900  pages in a browser
"

build() { # FOLDER TARGET… : with the options of the folder's kind in $options
    local folder=$1; shift
    [ -f "$folder/build.ninja" ] || cmake -S . -B "$folder" -G Ninja ${options:-} >/dev/null || return 1
    ninja -C "$folder" -j"$jobs" "$@"
}

one() { # COMMAND… : a suite that is one check
    if "$@"; then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; return 1; fi
}

with_postgres() { # COMMAND… : with QIBING_TEST_PG and QIBING_DATABASE of a private cluster
    local folder port code
    folder=$(mktemp -d /tmp/qibing-pg-XXXXXX) && chmod 755 "$folder"
    port=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
    trap 'tests/pg.sh stop "$folder/pg"; rm -rf "$folder"' EXIT
    QIBING_TEST_PG=$(tests/pg.sh start "$folder/pg" "$port") || return 1
    export QIBING_TEST_PG QIBING_DATABASE=$QIBING_TEST_PG
    "$@"
    code=$?
    tests/pg.sh stop "$folder/pg"
    rm -rf "$folder"
    trap - EXIT
    return $code
}

units() { # FOLDER
    local program code=0
    for program in qibing-unit qibing-unit-entity-sample; do "$1/$program" || code=1; done
    return $code
}

stories() { node --test --test-reporter=spec --test-concurrency="$jobs" tests/stories/*.test.js; }

# The demo company behind a server, with its logins in QIBING_LOGINS.
screens() {
    local folder code pid
    folder=$(mktemp -d) || return 1
    trap 'kill "$pid" 2>/dev/null; rm -rf "$folder"' EXIT
    [ -f ui/dist/ui.pack ] || tools/ui.sh || return 1
    build "$QIBING_BUILD" qibing && "$QIBING_BUILD/qibing" demo --data "$folder/demo" || return 1
    "$QIBING_BUILD/qibing" serve --data "$folder/demo" --listen 127.0.0.1:0 >"$folder/out" 2>"$folder/err" &
    pid=$!
    for _ in $(seq 100); do grep -q 'serves http' "$folder/out" && break; sleep 0.1; done
    QIBING_URL=$(sed -n 's|.*serves \(http://[^/]*\)/.*|\1|p' "$folder/out")
    QIBING_LOGINS=$(node -e '
        const demo = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
        console.log(JSON.stringify(Object.fromEntries([["org", demo.code],
            ...demo.logins.map((l) => [l.role, [l.name, l.password]])])))' "$folder/demo/demo.json") || return 1
    export QIBING_URL QIBING_LOGINS
    (cd tests/screens && node --test --test-reporter=spec --test-concurrency=1 *.test.mjs)
    code=$?
    kill "$pid" && wait "$pid" 2>/dev/null
    return $code
}

inside() {
    case $1 in
    style) one node tools/style.mjs ;;
    release) one build "$QIBING_BUILD" ;;
    clang) options="-DCMAKE_C_COMPILER=clang-14" one build "$QIBING_BUILD/clang" all qibing-unit ;;
    wasm) tests/wasm.sh ;;
    unit) build "$QIBING_BUILD" qibing-unit qibing-unit-entity-sample && QIBING_TEST_OFFICE=1 units "$QIBING_BUILD" ;;
    unit-pg) build "$QIBING_BUILD" qibing-unit qibing-unit-entity-sample && with_postgres units "$QIBING_BUILD" ;;
    unit-asan)
        options="-DQIBING_ASAN=ON -DCMAKE_BUILD_TYPE=Debug" \
            build "$QIBING_BUILD/asan" qibing-unit qibing-unit-entity-sample && units "$QIBING_BUILD/asan" ;;
    schemac)
        build "$QIBING_BUILD" schemac &&
            SCHEMAC=$QIBING_BUILD/schemac node --test --test-reporter=spec tools/schemac/tests/*.test.mjs ;;
    http)
        build "$QIBING_BUILD" http-probe-server &&
            node --test --test-reporter=spec --test-concurrency=1 tests/http/*.test.mjs ;;
    proof)
        build "$QIBING_BUILD" proof-vectors &&
            node --test --test-reporter=spec --test-concurrency=1 tests/proof/*.test.mjs ;;
    stories) build "$QIBING_BUILD" qibing && stories ;;
    stories-pg) build "$QIBING_BUILD" qibing && with_postgres stories ;;
    kill) build "$QIBING_BUILD" qibing && node tests/fault/kill.mjs --kills "${KILLS:-50}" ;;
    kill-pg) build "$QIBING_BUILD" qibing && with_postgres node tests/fault/kill.mjs --kills "${KILLS_PG:-10}" ;;
    fault)
        build "$QIBING_BUILD" qibing qibing-fault-db qibing-fault-product qibing-oom &&
            tests/fault/run.sh "$QIBING_BUILD" smoke
        local code=$?
        tests/fault/cli.sh "$QIBING_BUILD" && return $code ;;
    fuzz) tests/fuzz/run.sh 60 ;;
    screens) screens ;;
    *) echo "there is no suite $1" >&2; return 2 ;;
    esac
}

# Sums of "N passed, N failed[, N skipped]" and of node's "pass N" lines.
counts() {
    awk '/^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3; if ($6 == "skipped") s += $5; any = 1 }
         /^(ℹ|#) (pass|fail|cancelled|skipped|todo) [0-9]+$/ {
             any = 1
             if ($2 == "pass") p += $3
             else if ($2 == "skipped" || $2 == "todo") s += $3
             else f += $3 }
         END { if (any) printf "%d %d %d\n", p, f, s }' "$1"
}

if [ "${1:-}" = --inside ]; then
    inside "$2"
    exit
fi

mkdir -p "$logs"
passed=0 failed=0 skipped=0
wanted=" ${*:-$(awk 'NF { print $1 }' <<<"$suites" | tr '\n' ' ')} "
for name in $wanted; do
    grep -q "^$name " <<<"$suites" || { echo "there is no suite $name" >&2; exit 2; }
done
while read -r name limit about; do
    case $wanted in *" $name "*) ;; *) continue ;; esac
    begun=$SECONDS log=$logs/$name.log code=0
    timeout -k 20 "$limit" tests/run.sh --inside "$name" >"$log" 2>&1 </dev/null || code=$?
    read -r p f s <<<"$(counts "$log")"
    [ -n "$p" ] || p=0 f=0 s=0
    [ "$code" = 0 ] || [ "$f" -gt 0 ] || f=1
    [ $((p + f + s)) -gt 0 ] || f=1
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" = 0 ]; then word=ok; else word=FAIL; fi
    printf '%-4s %-11s %6d passed %4d failed %4d skipped %5d s  %s\n' \
        $word "$name" "$p" "$f" "$s" $((SECONDS - begun)) "$about"
    if [ "$f" != 0 ]; then
        [ "$code" != 124 ] || echo "     not done within $limit s"
        grep -nE '^not ok|^✖|FAILED|FAIL|error:' "$log" | head -40 | sed 's/^/     /'
        tail -n 25 "$log" | sed 's/^/     | /'
    fi
done < <(awk 'NF' <<<"$suites")
[ "$skipped" = 0 ] || more=", $skipped skipped"
echo "$passed passed, $failed failed${more:-}"
[ "$failed" = 0 ]
