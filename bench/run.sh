#!/usr/bin/env bash
# run.sh [NAME…] - the figures, each beside its limit or peer in the same run: build, start, post_order,
# read_statement, settle. SECONDS_EACH=10 for each load; ROUNDS=3.
set -u
cd "$(dirname "$0")/.."
export QIBING_BUILD=${QIBING_BUILD:-$PWD/build}
export QIBING=${QIBING:-$QIBING_BUILD/qibing}
names=${*:-build start post_order read_statement settle}
bad=0

need() { # PROGRAM : of Debian's package of the same name
    command -v "$1" >/dev/null && return 0
    [ "$(id -u)" = 0 ] && apt-get install -y -qq "$1" >/dev/null 2>&1
    command -v "$1" >/dev/null || { echo "$1 is not installed: skipped"; return 1; }
}

build_time() {
    local folder seconds
    folder=$(mktemp -d) && trap 'rm -rf "$folder"' RETURN
    local begun=$(date +%s.%N)
    cmake -S . -B "$folder" -G Ninja >/dev/null && ninja -C "$folder" -j2 qibing >"$folder/log" 2>&1 || { tail -5 "$folder/log"; return 1; }
    seconds=$(echo "$(date +%s.%N) $begun" | awk '{ printf "%.1f", $1 - $2 }')
    echo "build from clean, C part, -j2: $seconds s (goal 60 s); program $(stat -c %s "$folder/qibing") bytes, stripped $(strip -o "$folder/s" "$folder/qibing" && stat -c %s "$folder/s")"
}

start_time() {
    local folder
    folder=$(mktemp -d) && trap 'rm -rf "$folder"' RETURN
    "$QIBING" demo --data "$folder/demo" >"$folder/log" 2>&1 || { tail -3 "$folder/log"; return 1; }
    node bench/load.mjs start "$folder/demo"
}

for name in $names; do
    echo "== $name"
    case $name in
    build) build_time ;;
    start) start_time ;;
    post_order | read_statement)
        need wrk && ninja -C "$QIBING_BUILD" qibing raw_commit http-probe-server >/dev/null && node bench/load.mjs "$name" ;;
    settle) bench/settle.sh ;;
    *) echo "there is no bench $name" >&2; exit 2 ;;
    esac || bad=1
done
exit $bad
