#!/usr/bin/env bash
# Builds ui/dist/ui.pack when the sources of the interface are not those it was made from. Only then are
# Node and npm wanted: with a finished pack the program builds without them.
set -euo pipefail
cd "$(dirname "$0")/.."
pack=ui/dist/ui.pack mark=ui/dist/.sources

# Contents, not times: a checkout and a copy change times only, and a deleted file has none.
sources() {
  (cd ui && find index.html m public src pack.mjs package.json package-lock.json tsconfig.json vite.config.ts \
    -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

now=$(sources)
[ -e "$pack" ] && [ "$now" = "$(cat "$mark" 2>/dev/null)" ] && exit 0
if ! tools/deps.sh ui; then
  echo "the interface needs Node 18.18 or newer, npm and its registry; the program alone: make all" >&2
  exit 1
fi
echo "building the interface"
begun=$SECONDS
rm -f "$mark" "$pack"
(cd ui && node_modules/.bin/vite build --logLevel warn && node pack.mjs)
echo "$now" >"$mark"
echo "the interface is built ($((SECONDS - begun)) s)"
