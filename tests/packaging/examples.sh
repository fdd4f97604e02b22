#!/usr/bin/env bash
# Every examples/*.cpp compiles, runs and ends with 0: what it shows holds.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

check() {
  local name libraries="" ranks=""
  name=$(basename "$1" .cpp)
  if grep -q '#include <latentcell/io/h5ad' "$1"; then
    [ -n "$io_component" ] || { echo "$name is left out: HDF5 or zlib is not there"; return 0; }
    libraries=$io_libraries
  fi
  if grep -q '#include <latentcell/distributed' "$1"; then
    [ -n "$mpi_component" ] || { echo "$name is left out: MPI is not there"; return 0; }
    libraries=$mpi_libraries ranks="ranks 2"
    source "$source_dir/tests/distributed/ranks.sh"
  fi
  if ! $cxx $flags $warnings $instances_flags $sanitize -O1 "$1" -o "$folder/$name" \
    "$build_dir/liblatentcell_instances.a" $libraries 2>&1; then
    echo "FAILED: $name does not compile"
    return 1
  fi
  local start=$SECONDS
  if ! OMP_WAIT_POLICY=passive $ranks "$folder/$name" > "$folder/$name.log" 2>&1; then
    cat "$folder/$name.log"
    echo "FAILED: $name does not do what it shows"
    return 1
  fi
  echo "$name runs in $((SECONDS - start)) s"
}
export -f check
export cxx flags instances_flags warnings sanitize folder build_dir io_component io_libraries mpi_component mpi_libraries source_dir

printf '%s\n' "$source_dir"/examples/*.cpp | xargs -P "$jobs" -I{} bash -c 'check "$0"' {}
