#!/usr/bin/env bash
# Builds ui/dist/ui.pack when a source of the interface is newer than it.
set -euo pipefail
cd "$(dirname "$0")/../ui"
if [ -e dist/ui.pack ] && [ -z "$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer dist/ui.pack -print -quit)" ]; then
  exit 0
fi
npm run --silent build
