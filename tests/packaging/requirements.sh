#!/usr/bin/env bash
# A compiler set to C++17 or to no exceptions says one sentence of ours, and nothing before or after it.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# check compiler header flag sentence
check() {
  local compiler=$1 header=$2 flag=$3 sentence=$4
  if $compiler $flags "$flag" -fsyntax-only -x c++ - <<< "#include <$header>" 2> "$folder/messages"; then
    echo "FAILED: <$header> compiles with $flag under $compiler"
    return 1
  fi
  # Our sentence, and the missing file that stops the compiler: no third error.
  if ! grep 'error:' "$folder/messages" | head -1 | grep -qF "$sentence" ||
    [ "$(grep -c 'error:' "$folder/messages")" -ne 2 ] || ! grep -q "stopped by the error above" "$folder/messages"; then
    echo "FAILED: <$header> with $flag under $compiler says:"
    head -20 "$folder/messages"
    return 1
  fi
}

headers="latentcell/latentcell.hpp latentcell/core/types.hpp latentcell/kernel/vector_math.hpp latentcell/sample/method.hpp"
for compiler in "${compilers[@]}"; do
  for header in $headers ${io_component:+latentcell/io/h5ad.hpp}; do
    check "$compiler" "$header" -std=c++17 "latentcell needs C++20"
    check "$compiler" "$header" -fno-exceptions "latentcell reports bad input with exceptions"
  done
  echo "$compiler says what is missing"
done
