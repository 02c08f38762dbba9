#!/usr/bin/env bash
# cli.sh BUILD [STEP] - commands of the program with every STEP-th allocation failing, once and for good
# (RELIABILITY R4): never a signal, never a half-written result; and with a full disk. Each beside a
# control that must fail. Prints one line per loop and the count.
set -u
build=$(realpath "${1:?build folder}"); step=${2:-40}
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
work=$(mktemp -d /dev/shm/qibing-cli-XXXXXX); trap 'rm -rf "$work"' EXIT
qibing=$build/qibing
good=0 bad=0
tell() { if [ "$1" = 0 ]; then good=$((good + 1)); echo "ok     $2"; else bad=$((bad + 1)); echo "FAILED $2"; fi; }

# settle: all outputs, or none; right ones when it says so.
"$qibing" settle --plan "$root/examples/squads/plan.json" --in "$root/examples/squads/data" --out "$work/right" >/dev/null || exit 1
same="[ ! -e $work/out/payroll.csv ] || cmp -s $work/out/payroll.csv $work/right/payroll.csv"
"$here/oom_sweep.sh" -s "$step" -p "rm -rf $work/out" -c "$same" "$build/qibing-oom.so" \
    "$qibing" settle --plan "$root/examples/squads/plan.json" --in "$root/examples/squads/data" --out "$work/out"
tell $? "settle with failing allocations"

# org add: a company, or none, and then it works.
whole="'$qibing' migrate --data $work/d && '$qibing' check --data $work/d"
"$qibing" org add base 甲 --data "$work/base" >/dev/null || exit 1
"$here/oom_sweep.sh" -s $((step * 20)) -p "rm -rf $work/d; cp -r $work/base $work/d" -c "$whole" "$build/qibing-oom.so" \
    "$qibing" org add second 乙 --data "$work/d"
tell $? "org add with failing allocations"
"$here/oom_sweep.sh" -s $((step * 4)) -p "rm -rf $work/d; cp -r $work/base $work/d" -c "$whole" "$build/qibing-oom.so" \
    "$qibing" migrate --data "$work/d"
tell $? "migrate with failing allocations"
"$here/oom_sweep.sh" -s "$step" -m 4000 -c true "$build/qibing-oom.so" \
    "$qibing" verify "$work/right/payroll.csv" --key "localhost/log/a+00000000+AQAA"
tell $? "verify with failing allocations"

# A control: a check that cannot hold must be seen.
! "$here/oom_sweep.sh" -s 1 -m 3 -p "rm -rf $work/out" -c false "$build/qibing-oom.so" "$qibing" settle \
    --plan "$root/examples/squads/plan.json" --in "$root/examples/squads/data" --out "$work/out" >/dev/null
tell $? "control: the sweep sees a wrong state"

# A full disk: /dev/full for the result, a file-size limit for the database.
( ulimit -f 200; trap '' XFSZ; rm -rf "$work/d"; cp -r "$work/base" "$work/d" 2>/dev/null
  "$qibing" org add second 乙 --data "$work/d" ) >"$work/full.log" 2>&1
code=$?
[ $code = 1 ] && grep -q "^qibing org: " "$work/full.log"
tell $? "org add on a full disk says so (exit $code)"
rm -rf "$work/d"; cp -r "$work/base" "$work/d"
"$qibing" org add second 乙 --data "$work/d" >/dev/null && "$qibing" check --data "$work/d" >/dev/null
tell $? "and works with room"
echo "$good passed, $bad failed"
[ "$bad" = 0 ]
