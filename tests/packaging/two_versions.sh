#!/usr/bin/env bash
# Two versions of the library in one program do not meet: in two of its files, and in two shared libraries.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# The library as it is, a later version with other random numbers, and the same difference without a new version.
generator=latentcell/core/rng.hpp
for version in this later nameless; do
  mkdir -p $version/latentcell
  cp -r "$source_dir/include/latentcell/core" $version/latentcell/core
done
for version in later nameless; do
  sed -i 's/0xD2511F53u/0xD2511F55u/' $version/$generator
  if cmp -s this/$generator $version/$generator; then echo "FAILED: the later version is the same"; exit 1; fi
done
sed -i 's/\(#define LATENTCELL_VERSION_PATCH\).*/\1 4711/' later/latentcell/core/version.hpp

cat > answer.cpp <<'EOF'
#include <latentcell/core/rng.hpp>
[[gnu::visibility("default")]] std::uint32_t NAME(std::uint64_t seed);
std::uint32_t NAME(std::uint64_t seed) { return latentcell::Rng(seed)(); }
EOF
cat > main.cpp <<'EOF'
#include <cstdint>
std::uint32_t this_version(std::uint64_t), other_version(std::uint64_t);
int main() { return this_version(1) == other_version(1); }
EOF

# -O0 leaves every inline function for the linkers to see, the static and the dynamic one.
$cxx -std=c++20 -O0 -c main.cpp -o main.o
for visibility in default hidden; do
  for version in this later nameless; do
    name=other_version
    if [ $version = this ]; then name=this_version; fi
    $cxx -std=c++20 -O0 -fPIC -fvisibility=$visibility -I$version -DNAME=$name -c answer.cpp -o $version.o
    $cxx -shared $version.o -o lib$version.so
  done
  shared="-L. -Wl,-rpath,$folder -lthis"
  $cxx main.o this.o later.o -o files && $cxx main.o $shared -llater -o libraries
  if ! ./files || ! ./libraries; then
    echo "FAILED: with symbols $visibility, one version answers for the other"
    exit 1
  fi
  # That the check can fail: without a version in the names, the linker keeps one of the two.
  $cxx main.o this.o nameless.o -o clash
  if ./clash; then echo "FAILED: two definitions of one name do not clash, so this test sees nothing"; exit 1; fi
done
# Hidden, nothing of the library is seen outside of a shared library that uses it.
if nm -D --defined-only -C libthis.so | grep latentcell; then
  echo "FAILED: a shared library shows these"
  exit 1
fi
echo "two versions answer, each for itself"
