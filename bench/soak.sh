#!/usr/bin/env bash
# soak.sh [SECONDS] - half an hour (or so long) of posting and reading, and what it does to the process:
# memory, open files, size of the write-ahead log. Wanted: no slope in memory after the first minutes,
# a flat number of files, a bounded log.
set -euo pipefail
cd "$(dirname "$0")/.."
exec node bench/soak.mjs "${1:-1800}"
