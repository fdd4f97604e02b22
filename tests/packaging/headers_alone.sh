#!/usr/bin/env bash
# Every header compiles alone, with all warnings as errors; under every other compiler, all headers of a room together.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The last of them: where both are there that is clang++, twice as fast here.
alone=${compilers[-1]}
# Nearly all headers include Eigen/Core, most of a small header's time; those that do not go without.
$alone $flags $warnings -x c++-header - -o "$folder/eigen.hpp.gch" <<< '#include <Eigen/Core>'
touch "$folder/eigen.hpp"

check() {
  local header=$1 given=
  if grep -qw Eigen/Core <<< "$($alone $flags -M -x c++ - <<< "#include <$header>")"; then given="-include $folder/eigen.hpp"; fi
  if ! $alone $flags $warnings $given -fsyntax-only -x c++ - <<< "#include <$header>" 2>&1; then
    echo "FAILED: <$header> alone under $alone"
    return 1
  fi
}
together() {
  local compiler=$1 room=$2
  if ! grep "^latentcell/$room" "$folder/headers" | sed 's/.*/#include <&>/' |
      $compiler $flags $warnings -fsyntax-only -x c++ - 2>&1; then
    echo "FAILED: the headers of $room under $compiler"
    return 1
  fi
}
export -f check together
export flags warnings alone folder

(cd "$source_dir/include" && find latentcell -name '*.hpp' | sort) | grep -v "$left_out" > "$folder/headers"
xargs -P "$jobs" -I{} bash -c 'check "$0"' {} < "$folder/headers" || failed=1
for compiler in "${compilers[@]}"; do
  [ "$compiler" != "$alone" ] || continue
  cut -d / -f 2 "$folder/headers" | sort -u | xargs -P "$jobs" -I{} bash -c 'together "$0" "$1"' "$compiler" {} || failed=1
done
exit "${failed:-0}"
