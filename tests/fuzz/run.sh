#!/usr/bin/env bash
# run.sh [SECONDS] [NAME…] - all fuzzers, or those named, for SECONDS in total (two at a time, so each gets
# its share twice). What they find new is kept in build/fuzz/corpus; tests/fuzz/corpus is only read. A
# finding is kept as build/fuzz/found/NAME-…; put it into the corpus when it is repaired.
set -u
cd "$(dirname "$0")/../.."
seconds=${1:-60}; shift || true
build=${QIBING_BUILD:-$PWD/build}/fuzz
[ -f "$build/build.ninja" ] ||
    cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang-14 -DCMAKE_BUILD_TYPE=Debug -DQIBING_FUZZ=ON >/dev/null || exit 1
ninja -C "$build" -j"${JOBS:-2}" fuzzers || exit 1

names=${*:-$(cd tests/fuzz && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')}
count=$(wc -w <<<"$names")
share=$((seconds * 2 / count)); [ "$share" -ge 3 ] || share=3
mkdir -p "$build/found"

fuzz() { # NAME
    mkdir -p "$build/corpus/$1"
    # The corpus once, each file, then new inputs. Memory is bounded: a parser that asks for more is a finding.
    if (cd "$build" && timeout -k 5 $((share + 120)) "./fuzz_$1" -max_total_time="$share" -timeout=10 -rss_limit_mb=2560 \
            -print_final_stats=1 -artifact_prefix="found/$1-" "corpus/$1" "$OLDPWD/tests/fuzz/corpus/$1") >"$build/$1.log" 2>&1
    then echo "ok   $1: $(sed -n 's/stat::number_of_executed_units: *//p' "$build/$1.log") runs"
    else echo "FAILED $1: $build/$1.log"; tail -30 "$build/$1.log"; return 1
    fi
}

bad=0 good=0 running=()
for name in $names; do
    fuzz "$name" & running+=($!)
    if [ ${#running[@]} = 2 ]; then
        for pid in "${running[@]}"; do if wait "$pid"; then good=$((good + 1)); else bad=$((bad + 1)); fi; done
        running=()
    fi
done
for pid in ${running[@]+"${running[@]}"}; do if wait "$pid"; then good=$((good + 1)); else bad=$((bad + 1)); fi; done
echo "$good passed, $bad failed"
[ "$bad" = 0 ]
