#!/usr/bin/env bash
# Installs what is missing, and nothing else: tools/deps.sh build | ui | test
# On Debian 12 with apt; elsewhere it prints what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

build="build-essential cmake ninja-build pkg-config libevent-dev libsqlite3-dev libpq-dev libssl-dev
  libsodium-dev zlib1g-dev libdeflate-dev libexpat1-dev libminizip-dev libxlsxwriter-dev"
ui="nodejs npm"
test="clang-14 libclang-rt-14-dev postgresql-15 sqlite3 chromium fonts-noto-cjk curl unzip zip openssl
  golang-go golang-golang-x-mod-dev libreoffice-calc-nogui procps"

missing() {
  local package
  for package in "$@"; do
    case "$package" in
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
    esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

install() {
  local need sudo=""
  need=$(missing "$@")
  [ -n "$need" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "qibing needs these packages: $need" >&2
    exit 1
  fi
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing: $need"
  # The tests start a private PostgreSQL; a cluster of the system would only be in the way.
  case " $need " in *" postgresql-15 "*)
    $sudo mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null ;;
  esac
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
}

# `npm ci` only when the lock file changed since the last time.
node_packages() {
  local folder=$1 mark="$1/node_modules/.qibing-lock"
  [ -e "$folder/package-lock.json" ] || return 0
  cmp -s "$folder/package-lock.json" "$mark" && return 0
  echo "npm packages of $folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  cp "$folder/package-lock.json" "$mark"
}

for what in "$@"; do
  case "$what" in
    build) install $build ;;
    ui) install $ui; node_packages ui ;;
    test) install $ui $test; for folder in tests tests/proof tests/screens; do node_packages "$folder"; done ;;
    *) echo "usage: tools/deps.sh build|ui|test ..." >&2; exit 2 ;;
  esac
done
