#!/bin/sh
# settle.sh - settle-month: `qibing settle` beside the plain C reference and DuckDB, in turn, in one run.
#
#   bench/settle.sh [ORDERS...]          default 100000 1000000 (10000000 takes 1.5 GB of data and a minute)
#   QIBING=build/qibing ROUNDS=5 DUCKDB=1 WORK=/tmp/qibing-bench
#
# Prints the median wall and CPU seconds and the peak memory of each, the ratios to the reference, the time of a second
# calculation with the data loaded, and the fingerprints of the results, which must be the published ones. Exit 1 if they are not.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
qibing=${QIBING:-$root/build/qibing}
rounds=${ROUNDS:-5}
work=${WORK:-${TMPDIR:-/tmp}/qibing-bench}
workload=$root/../shared/bench/settle
[ $# -gt 0 ] || set -- 100000 1000000

if [ ! -f "$workload/gen_settle.c" ]; then
    echo "settle: skipped, the workload's generator is not in ../shared/bench/settle"
    exit 0
fi
mkdir -p "$work"
for tool in gen check ref; do
    [ -x "$work/$tool" ] || cc -O3 -march=native -w -o "$work/$tool" "$workload/${tool}_settle.c"
done
cat > "$work/measure.py" <<'PY'
import os, sys, time
# measure.py ROUNDS LABEL COMMAND... [-- LABEL COMMAND...]: runs all in turn, prints medians
rounds, groups, rest = int(sys.argv[1]), [], sys.argv[2:]
while rest:
    end = rest.index('--') if '--' in rest else len(rest)
    groups.append(rest[:end]); rest = rest[end + 1:]
seen = {g[0]: [] for g in groups}
for _ in range(rounds):
    for g in groups:
        began = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            null = os.open(os.devnull, os.O_WRONLY); os.dup2(null, 1); os.dup2(null, 2)
            os.execv(g[1], g[1:])
        _, status, use = os.wait4(pid, 0)
        if status: sys.exit(f'{g[0]} failed: {g[1:]}')
        seen[g[0]].append((time.perf_counter() - began, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024))
mid = lambda xs: sorted(xs)[len(xs) // 2]
base = None
for label, runs in seen.items():
    wall, cpu, mem = (mid([r[i] for r in runs]) for i in range(3))
    base = base or (wall, cpu, mem)
    print(f'{label:<18} wall {wall:7.3f} s x{wall/base[0]:5.2f}   cpu {cpu:7.3f} s x{cpu/base[1]:5.2f}   peak {mem:7.0f} MB x{mem/base[2]:5.2f}   best wall {min(r[0] for r in runs):.3f} s')
PY

expected() {
    case $1 in
    100000) echo 0b9e5cac68a40eb9 71af3d040624656b ;;
    1000000) echo 9407cf4a3b1744eb 70c42e78f1d89bf5 ;;
    10000000) echo 7b9d44e3f32c48fc 6cd5ec1e930f1418 ;;
    *) echo "? ?" ;;
    esac
}
failed=0
for orders in "$@"; do # the list is fixed before the loop begins
    data=$work/$orders
    [ -f "$data/prev_refunds.csv" ] || "$work/gen" "$orders" 42 "$data"
    mkdir -p "$work/ref.out"
    echo "settle-month, $orders orders, $rounds rounds in turn, load $(cut -d' ' -f1 /proc/loadavg)"
    plan=$root/examples/settle-month/plan.json
    set -- "$work/ref" "$data" "$work/ref.out"
    if [ "${DUCKDB:-0}" = 1 ] && [ -d "$root/bench/duckdb/node_modules" ]; then
        python3 "$work/measure.py" "$rounds" "C reference" "$@" \
            -- "qibing" "$qibing" settle --quiet --plan "$plan" --in "$data" --out "$work/out" \
            -- "qibing, 1 thread" "$qibing" settle --quiet --threads 1 --plan "$plan" --in "$data" --out "$work/out1" \
            -- "DuckDB" "$(command -v node)" "$root/bench/duckdb/settle.js" "$data" "$work/duck"
    else
        python3 "$work/measure.py" "$rounds" "C reference" "$@" \
            -- "qibing" "$qibing" settle --quiet --plan "$plan" --in "$data" --out "$work/out" \
            -- "qibing, 1 thread" "$qibing" settle --quiet --threads 1 --plan "$plan" --in "$data" --out "$work/out1"
        echo "DuckDB             skipped: (cd bench/duckdb && npm ci), then DUCKDB=1"
    fi
    "$qibing" settle --quiet --timing --again --plan "$plan" --in "$data" --out "$work/out" 2>&1 | sed 's/^/  /'
    for side in out out1 $([ "${DUCKDB:-0}" = 1 ] && [ -d "$work/duck" ] && echo duck); do
        got=$("$work/check" "$work/$side" | sed 's/.*fingerprint \([0-9a-f]*\) .*/\1/' | tr '\n' ' ')
        want="$(expected "$orders") "
        [ "$got" = "$want" ] && verdict=equal || { verdict="DIFFERENT, expected $want"; failed=1; }
        [ "$want" != "? ? " ] || verdict="nothing published for this size"
        echo "  fingerprints $side: $got$verdict"
    done
done
exit $failed
