#!/usr/bin/env bash
# Wrong input ends the main job with a non-zero exit, one clear sentence and nothing written: refusals.sh GENERATE_CELLS.
set -euo pipefail
generate_cells=$1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo "this is not an HDF5 file" > text.h5ad
: > empty.h5ad
failed=0

# refuses WORDS ARGUMENTS...: the message holds the words.
refuses() {
  local words=$1 status=0
  shift
  timeout 120 "$generate_cells" "$@" --out generated.h5ad > output 2> messages || status=$?
  if [ "$status" -eq 0 ] || [ "$status" -ge 124 ]; then
    echo "WRONG: exit $status after $*"; failed=1
  elif ! grep -qiF -- "$words" messages; then
    echo "WRONG: the message after $* does not say '$words':"; cat messages; failed=1
  elif [ "$(grep -c . messages)" -gt 2 ]; then
    echo "WRONG: more than a sentence after $*:"; cat messages; failed=1
  else
    echo "right:  $*: $(head -1 messages)"
  fi
  if [ -n "$(find . -name 'generated*')" ]; then
    echo "WRONG: something was written after $*"; ls; rm -rf generated*; failed=1
  fi
}

refuses missing.h5ad --data missing.h5ad --label cell_type
refuses text.h5ad --data text.h5ad --label cell_type
refuses empty.h5ad --data empty.h5ad --label cell_type
refuses no_such_column --label no_such_column
refuses no_such_type --types no_such_type
refuses missing --from missing
refuses unknown-option --unknown-option
refuses holdback --holdback 1.5
refuses epochs --flow-epochs -3
refuses threads --threads 0
exit "$failed"
