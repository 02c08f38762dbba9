#!/bin/bash
# run.sh BUILD smoke|full [db|product] - the fault loops of the database layer and of the product's own
# work (RELIABILITY R1-R4), each beside a control that must fail. Prints a line per loop and the count;
# exit code 1 if any is not as wanted. What is random follows from the number of the operation and of
# the seed, so each run is the same; the line names the first that went wrong.
set -u
build=$(realpath "${1:?build folder}"); size=${2:-smoke}; part=${3:-db product}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /dev/shm/qibing-oom-XXXXXX); trap 'rm -rf "$work"' EXIT
good=0 bad=0

tell() { if [ "$1" = 0 ]; then good=$((good + 1)); else bad=$((bad + 1)); echo "FAILED: $2"; fi; }
loop() { "$build/$program" "$@"; tell $? "$program $*"; }
sweep() { "$here/oom_sweep.sh" "$@"; tell $? "$program with failing allocations"; }

db() {
    local seeds=1 step=3 oom=${OOM_STEP:-9} kind
    program=qibing-fault-db
    if [ "$size" = full ]; then seeds=60 step=1 oom=1; fi
    loop crash --seeds $seeds --step $step
    loop crash --workload ledger --sync normal --step $step --must-fail
    loop crash --workload ledger --sync off --step $step --must-fail
    for kind in eio full; do
        loop $kind --step $step
        loop $kind --step $step --stay
    done
    sweep -s "$oom" \
        -p "rm -f $work/ledger.db* $work/acks; $build/qibing-fault-db prepare $work" \
        -c "$build/qibing-fault-db verify $work $work/acks" \
        "$build/qibing-oom.so" "$build/qibing-fault-db" probe "$work" "$work/acks"
}

# Orders, an import, a refund, a month settled and the log signed, about 900 operations that write.
product() {
    local seeds=1 step=11 oom=401 kind
    program=qibing-fault-product
    if [ "$size" = full ]; then seeds=10 step=1 oom=5; fi
    loop crash --workload product --seeds $seeds --step $step
    loop crash --workload product --sync normal --step $step --must-fail
    loop crash --workload product --sync off --step $step --must-fail
    for kind in eio full; do
        loop $kind --workload product --step $step
        loop $kind --workload product --step $step --stay
        loop $kind --workload careless --step $((step * 5)) --stay --must-fail
    done
    mkdir "$work/base" && "$build/$program" prepare "$work/base"
    tell $? "$program prepare"
    sweep -s $oom -p "rm -rf $work/run && cp -r $work/base $work/run" \
        -c "$build/$program verify $work/run $work/run/acks" \
        "$build/qibing-oom.so" "$build/$program" probe "$work/run" "$work/run/acks"
    # A control: where the database is gone nothing is right.
    ! sweep_quiet
    tell $? "control: the sweep sees a wrong state"
}
sweep_quiet() {
    "$here/oom_sweep.sh" -s 1 -m 3 -p "rm -rf $work/run && cp -r $work/base $work/run" \
        -c "rm $work/run/qibing.db; $build/$program verify $work/run $work/run/acks" \
        "$build/qibing-oom.so" "$build/$program" probe "$work/run" "$work/run/acks" >/dev/null
}

for one in $part; do $one; done
echo "$good passed, $bad failed"
[ "$bad" = 0 ]
