#!/usr/bin/env bash
# Each snippet fails to compile, and with the message that its first line names: `// error: part of the message`.
# The same snippet with -DRIGHT compiles, so it does not fail for another reason.
set -euo pipefail
source "$1"

check() {
  local compiler=$1 file=$2 expected messages
  expected=$(sed -n '1s,^// error: ,,p' "$file")
  [ -n "$expected" ] || { echo "FAILED: $file does not begin with // error:"; return 1; }
  if ! messages=$($compiler $flags -DRIGHT -fsyntax-only "$file" 2>&1); then
    echo "FAILED: $file does not compile with -DRIGHT under $compiler"; echo "$messages"; return 1
  fi
  if messages=$($compiler $flags -fsyntax-only "$file" 2>&1); then
    echo "FAILED: $file compiles under $compiler"; return 1
  fi
  if ! grep -qF -- "$expected" <<<"$messages"; then
    echo "FAILED: $file under $compiler does not say: $expected"; echo "$messages" | head -20; return 1
  fi
  echo "$(basename "$file") under $compiler: $expected"
}
export -f check
export flags

for compiler in "${compilers[@]}"; do
  printf '%s\n' "$source_dir"/tests/packaging/must_not_compile/*.cpp |
    xargs -P "$jobs" -I{} bash -c 'check "$0" "$1"' "$compiler" {} || failed=1
done
exit "${failed:-0}"
