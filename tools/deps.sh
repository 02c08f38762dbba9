#!/usr/bin/env bash
# Installs what is missing, and nothing else: tools/deps.sh build | ui | test ...
# On Debian 12 with apt; elsewhere it prints what to install.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 # a fresh Debian has no other, and perl complains about any that is missing

build="build-essential cmake ninja-build pkg-config libevent-dev libsqlite3-dev libpq-dev libssl-dev
  libsodium-dev zlib1g-dev libdeflate-dev libexpat1-dev libminizip-dev libxlsxwriter-dev"
ui="nodejs npm"
test="clang-14 libclang-rt-14-dev wasi-libc postgresql-15 sqlite3 chromium fonts-noto-cjk curl unzip zip openssl
  golang-go golang-golang-x-mod-dev libreoffice-calc-nogui procps"

missing() {
  local package
  for package in "$@"; do
    case "$package" in # from wherever they come
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
    esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

# Quiet as long as it goes well; asks nothing.
apt() {
  local log code=0
  log=$(mktemp)
  $sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -y -o Dpkg::Use-Pty=0 "$@" \
    >"$log" 2>&1 </dev/null || code=$?
  [ "$code" = 0 ] || tail -n 20 "$log" >&2
  rm -f "$log"
  return $code
}

install() {
  local need sudo="" begun=$SECONDS
  need=$(missing "$@")
  [ -n "$need" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "qibing needs these packages: $need" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { # all at once: whoever may is asked only one time
      # shellcheck disable=SC2086
      need=$(missing $build $ui "$@" | tr ' ' '\n' | sort -u | tr '\n' ' ')
      echo "to be run once as root: apt-get install --no-install-recommends $need" >&2
      return 1
    }
    sudo=sudo
  fi
  echo "installing with apt: $need"
  # The tests start a private PostgreSQL; a cluster of the system would only be in the way.
  case " $need " in *" postgresql-15 "*)
    $sudo mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null ;;
  esac
  apt update || echo "apt-get update failed: trying with the lists that are here" >&2
  # shellcheck disable=SC2086
  apt install --no-install-recommends $need || {
    echo "apt-get could not install: $need" >&2
    return 1
  }
  echo "installed ($((SECONDS - begun)) s)"
}

# `npm ci` only when the lock file changed since the last time.
node_packages() {
  local folder=$1 mark="$1/node_modules/.qibing-lock" begun=$SECONDS
  [ -e "$folder/package-lock.json" ] || return 0
  cmp -s "$folder/package-lock.json" "$mark" && return 0
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 18 || (a == 18 && b >= 18) ? 0 : 1)' || {
    echo "node is $(node --version); 18.18 or newer is needed (Debian 12 has 18.20)" >&2
    return 1
  }
  echo "npm packages of $folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error </dev/null) || return 1
  cp "$folder/package-lock.json" "$mark"
  echo "npm packages of $folder are there ($((SECONDS - begun)) s)"
}

for what in "$@"; do
  case "$what" in
    # shellcheck disable=SC2086
    build) install $build || exit 1 ;;
    # shellcheck disable=SC2086
    ui) install $ui && node_packages ui || exit 1 ;;
    # shellcheck disable=SC2086
    test)
      install $ui $test || exit 1
      for folder in tests tests/proof tests/screens; do node_packages "$folder" || exit 1; done ;;
    *) echo "usage: tools/deps.sh build|ui|test ..." >&2; exit 2 ;;
  esac
done
