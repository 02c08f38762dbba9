#!/bin/bash
# oom_sweep.sh [-s STEP] [-m MAX] [-p PREPARE] [-c CHECK] OOM_SO COMMAND…
#
# Runs COMMAND with its 1st, 2nd, 3rd … allocation failing, once and then for good, until an index
# is not reached any more. Before each run PREPARE is executed, after it CHECK (shell text; CHECK
# must succeed: nothing half written). COMMAND may fail, but never by a signal (exit code above 128)
# and never hang (60 s).
set -u
step=1 max=1000000 prepare=: check=:
while getopts s:m:p:c: option; do
    case $option in
    s) step=$OPTARG ;; m) max=$OPTARG ;; p) prepare=$OPTARG ;; c) check=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
so=$(realpath "${1:?library}"); shift
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
bad=0
for mode in once stay; do
    points=0 n=1
    while [ "$n" -le "$max" ]; do
        rm -f "$work/mark"
        bash -c "$prepare" >/dev/null 2>&1 || { echo "prepare failed"; exit 2; }
        code=0
        env OOM_MARK="$work/mark" OOM_AT="$n" ${OOM_KEEP:-} $([ $mode = stay ] && echo OOM_STAY=1) \
            LD_PRELOAD="$so" timeout -k 5 60 "$@" >"$work/out" 2>&1 </dev/null || code=$?
        [ -e "$work/mark" ] || break
        points=$((points + 1))
        if [ $code -ge 124 ]; then
            bad=$((bad + 1)); echo "allocation $n ($mode): exit $code"; tail -2 "$work/out"
        fi
        if ! bash -c "$check" >"$work/check" 2>&1; then
            bad=$((bad + 1)); echo "allocation $n ($mode): state is wrong"; tail -2 "$work/check"
        fi
        n=$((n + step))
    done
    echo "$mode: $points allocations failed one by one (step $step)"
done
echo "$bad bad"
[ "$bad" = 0 ]
