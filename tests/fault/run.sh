#!/bin/bash
# run.sh BUILD smoke|full - the fault loops of the database layer (RELIABILITY R2, R3, R4), each
# beside a control that must fail. Prints one line per loop; exit code 1 if any is not as wanted.
set -u
build=$(realpath "${1:?build folder}"); size=${2:-smoke}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /dev/shm/qibing-oom-XXXXXX); trap 'rm -rf "$work"' EXIT
bad=0
if [ "$size" = full ]; then seeds=60 step=1 oom=1; else seeds=1 step=3 oom=${OOM_STEP:-9}; fi

loop() { "$build/qibing-fault-db" "$@" || { echo "FAILED: $*"; bad=1; }; }
loop crash --seeds $seeds --step $step
loop crash --workload ledger --sync normal --step $step --must-fail
loop crash --workload ledger --sync off --step $step --must-fail
for kind in eio full; do
    loop $kind --step $step
    loop $kind --step $step --stay
done
"$here/oom_sweep.sh" -s $oom \
    -p "rm -f $work/ledger.db* $work/acks; $build/qibing-fault-db prepare $work" \
    -c "$build/qibing-fault-db verify $work $work/acks" \
    "$build/qibing-oom.so" "$build/qibing-fault-db" probe "$work" "$work/acks" || bad=1
exit $bad
