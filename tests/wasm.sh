#!/bin/sh
# The engine and what it needs of base must compile for WebAssembly: the browser of a promoter works
# out the same figures with the same code (docs/ARCHITECTURE.md). Compiles only; needs Debian's
# clang-14 and wasi-libc.
set -eu
cd "$(dirname "$0")/.."
clang=${CLANG:-clang-14}
if ! command -v "$clang" >/dev/null || [ ! -d /usr/include/wasm32-wasi ]; then
    echo "wasm: no $clang or no wasi-libc"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
passed=0 failed=0
for file in src/base/*.c src/engine/*/*.c; do
    case $file in
    # Tests, and what only a machine with files, a log or wide registers has.
    *_test.c | *test_util.c | */testkit.c | src/base/test.c | src/base/io.c | src/base/log.c) continue ;;
    *_avx2.c | *_avx512.c) continue ;;
    esac
    if "$clang" --target=wasm32-wasi -std=c17 -D_GNU_SOURCE -Isrc -O1 -Wall -Wextra -Werror \
        -c "$file" -o "$out/object.o" 2>"$out/words"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "wasm: $file"
        head -5 "$out/words"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
