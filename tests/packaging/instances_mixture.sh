#!/usr/bin/env bash
# A file and a library of instances that are compiled differently do not link, and the linker's message says why.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! $cxx -fsanitize=address -x c++ - -o probe <<< 'int main() {}' 2> /dev/null; then
  echo "skipped: no address sanitizer here"
  exit 77
fi
cat > user.cpp <<'EOF'
#include <latentcell/core/types.hpp>
int main() { return 0; }
EOF
# The part of latentcell::instances that says what it is.
library=$build_dir/instances/core_abi.cpp
plain=${flags/-fopenmp/}
compile() { $cxx $plain -DLATENTCELL_INSTANCES "${@:2}" -c "${1%:*}" -o "${1#*:}"; }

compile "$library:library.o" -fopenmp
compile "$library:library_asan.o" -fopenmp -fsanitize=address
compile user.cpp:user.o -fopenmp
compile user.cpp:user_asan.o -fopenmp -fsanitize=address
compile user.cpp:user_one_thread.o

links() { $cxx -fopenmp -fsanitize=address "$@" -o program 2> messages; }
# refused name files: they do not link, and name is what the linker misses
refused() {
  if links "${@:2}"; then
    echo "FAILED: ${*:2} link"
    exit 1
  fi
  grep -q "latentcell::v[0-9_]*::detail::$1'" messages || { cat messages; exit 1; }
  echo "missed: $1"
}
links user.o library.o && ./program
links user_asan.o library_asan.o && ./program
refused instances_with_address_sanitizer user_asan.o library.o
refused instances_without_sanitizer user.o library_asan.o
refused instances_without_openmp user_one_thread.o library.o
