#!/usr/bin/env bash
# bare.sh [SUITE…] - the two commands on a machine that has nothing: a new Debian 12 with git and make alone,
# a clone, `make run`, a sign-in; again, now at once; then what `make test` installs, and the suites named.
#
# By hand and as root only, not a suite of `make test`: it needs debootstrap, Debian's packages, npm's
# registry and about 4 GB. Environment:
#   BARE=DIR      where Debian is made [/tmp/qibing-bare]; taken as it is when it is there
#   LISTEN=A:P    of the server [127.0.0.1:27510]
#   KEEP=1        go on with the clone, data and packages of the last time
#   JOBS=N        compilers at once [2]
#
# Mounts and processes are in namespaces of their own and vanish with the script, however it ends. To look
# around afterwards: chroot DIR. To throw it away: rm -rf DIR.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
bare=${BARE:-/tmp/qibing-bare}
export LISTEN=${LISTEN:-127.0.0.1:27510} JOBS=${JOBS:-2} KEEP=${KEEP:-}

say() { printf '%5d s  %s\n' "$SECONDS" "$*"; }

# Debian as debootstrap makes it, with the sources, authorities and proxy of this machine.
make_debian() {
  [ -x "$bare/usr/bin/git" ] && { say "Debian is there: $bare"; return; }
  debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$bare" >"$bare.log" 2>&1 ||
    { tail "$bare.log" >&2; exit 1; }
  rm -f "$bare.log" "$bare/etc/apt/sources.list"
  cp /etc/apt/sources.list.d/debian.sources "$bare/etc/apt/sources.list.d/"
  say "Debian is made: $bare"
}

take_over_network() {
  cp /etc/resolv.conf /etc/hosts "$bare/etc/"
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$bare/usr/local/share/ca-certificates/"
    chroot "$bare" update-ca-certificates >/dev/null 2>&1
  fi
  apt-config dump | grep -E '^Acquire::(Check|Retries|http::Proxy|https::Proxy)' >"$bare/etc/apt/apt.conf.d/99bare" || true
}

mount_all() {
  mount --make-rprivate /
  mount -t proc proc "$bare/proc"
  mount --rbind /sys "$bare/sys"
  mount --rbind /dev "$bare/dev"
  mkdir -p "$bare/origin"
  mount --bind "$here" "$bare/origin"
  mount -o remount,bind,ro "$bare/origin"
}

# Nothing of this shell's environment but the proxy: a new machine has none.
enter() {
  local proxy=() name
  for name in http_proxy https_proxy no_proxy; do
    [ -z "${!name:-}" ] || proxy+=("$name=${!name}")
  done
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
    LISTEN="$LISTEN" JOBS="$JOBS" KEEP="$KEEP" ${proxy[@]+"${proxy[@]}"} \
    chroot "$bare" /bin/bash /origin/tests/bare.sh --inside "$@"
}

# ---- in the new Debian ----

wait_for() { # PID LOG SECONDS : until the server told its address
  local until=$((SECONDS + $3))
  until grep -q '| qibing serves' "$2"; do
    kill -0 "$1" 2>/dev/null || { echo "make run ended:"; tail -n 40 "$2"; return 1; }
    [ $SECONDS -lt $until ] || { echo "no address within $3 s:"; tail -n 40 "$2"; return 1; }
    sleep 0.2
  done
  sleep 1 # the logins follow the address
}

# The pages, health, and a sign-in with each login that was printed.
look() { # LOG
  cat >/root/look.mjs <<'JS'
import { readFileSync } from 'node:fs'
const [listen, log] = process.argv.slice(2)
const base = `http://${listen}`
const must = (good, what) => { if (!good) { console.error(`wrong: ${what}`); process.exit(1) } console.log(`         ${what}`) }
for (const path of ['/', '/m/']) {
  const r = await fetch(base + path)
  const text = await r.text()
  must(r.status === 200 && /text\/html/.test(r.headers.get('content-type')) && /<script/.test(text), `${path} answers HTML`)
  const script = text.match(/src="(\/assets\/[^"]+\.js)"/)?.[1]
  must(script && (await fetch(base + script)).status === 200, `${path} has its script`)
}
must((await fetch(base + '/healthz')).status === 200, '/healthz answers')
const text = readFileSync(log, 'utf8')
const code = text.match(/\(code (\w+)\)/)[1]
const logins = [...text.slice(text.lastIndexOf('demo company:')).matchAll(/\|   (\w+) +([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}) /gm)]
must(logins.length >= 4, `${logins.length} logins are printed`)
for (const [, login, password] of logins) {
  const r = await fetch(base + '/api/v1/session', { method: 'POST', headers: { 'content-type': 'application/json', origin: base },
    body: JSON.stringify({ org: code, name: login, password }) })
  must(r.status === 200 || r.status === 201, `${login} signs in (${r.status})`)
}
process.exit(0) // not when the server closes the idle connection
JS
  node /root/look.mjs "$LISTEN" "$1"
}

stamp() { local line; while IFS= read -r line; do printf '%5d | %s\n' "$SECONDS" "$line"; done; }

run_once() { # LOG SECONDS
  local pid code=0
  : >"$1"
  # A shell's background ignores Ctrl-C unless told otherwise. Each line of the log begins with its second.
  env --default-signal=INT setsid make run > >(stamp >"$1") 2>&1 &
  pid=$!
  wait_for $pid "$1" "$2"
  say "it serves"
  look "$1"
  kill -INT -- -$pid # as Ctrl-C does: to make and to the server
  wait $pid || code=$?
  say "stopped (make: exit $code)"
  if grep -qsa "qibing.serve" /proc/[0-9]*/cmdline; then echo "the server outlives make"; return 1; fi
}

inside() {
  echo "         $(. /etc/os-release && echo "$PRETTY_NAME"), packages: $(dpkg -l | grep -c ^ii)"
  git config --global --get-all safe.directory >/dev/null || git config --global --add safe.directory '*'
  cd /root
  [ -n "$KEEP" ] || rm -rf qibing
  [ -d qibing ] || git clone -q /origin qibing
  cd qibing
  git pull -q
  say "cloned $(git log -1 --format=%h)"
  run_once /root/first.log 2400
  grep -E '\| (instal|npm pack|building|the interface|ninja: Ent|making|qibing serves)|made in' /root/first.log |
    cut -c -120
  echo "         node $(node --version), npm $(npm --version), $(gcc --version | head -1)"
  local begun=$SECONDS
  run_once /root/second.log 60
  if grep -qE 'installing|building|Building|making the demo|Error|error' /root/second.log; then
    echo "the second start did more than serve:"; cat /root/second.log; exit 1
  fi
  say "the second start with all checks took $((SECONDS - begun)) s"
  [ $# -gt 0 ] || return 0
  tools/deps.sh build ui test
  say "what the tests need is there"
  tests/run.sh "$@"
}

if [ "${1:-}" = --inside ]; then
  shift
  inside "$@"
elif [ "${1:-}" = --mounted ]; then
  shift
  mount_all
  enter "$@"
else
  [ "$(id -u)" = 0 ] || { echo "bare.sh: only root can make a Debian" >&2; exit 2; }
  make_debian
  take_over_network
  exec unshare --mount --pid --fork --kill-child "$here/tests/bare.sh" --mounted "$@"
fi
