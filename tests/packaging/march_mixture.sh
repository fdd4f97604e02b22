#!/usr/bin/env bash
# Files compiled with and without AVX link with their like and not with each other. With -march kernels have no copy for
# less than it promises, unless asked for every one.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! echo 'int main() { return __builtin_cpu_supports("avx") ? 0 : 1; }' | $cxx -mavx -x c++ - -o probe 2>/dev/null; then
  echo "skipped: no -mavx on this machine"
  exit 77
fi
cat > one.cpp <<'EOF'
#include <latentcell/core/types.hpp>
int other();
int main() { return other(); }
EOF
cat > two.cpp <<'EOF'
#include <latentcell/core/types.hpp>
int other() { return 0; }
EOF
plain="-march=x86-64"
for compiler in "${compilers[@]}"; do
  for file in one two; do
    $compiler $flags $plain -c $file.cpp -o $file.plain.o
    $compiler $flags -mavx -c $file.cpp -o $file.avx.o
  done
  $compiler -fopenmp one.plain.o two.plain.o -o plain && ./plain
  $compiler -fopenmp one.avx.o two.avx.o -o avx
  if $compiler -fopenmp one.plain.o two.avx.o -o mixture 2> messages; then
    echo "FAILED: the mixture links under $compiler"
    exit 1
  fi
  grep -q files_differ_in_march_and_eigen_alignment messages || { cat messages; exit 1; }
  echo "$compiler refuses the mixture"
done

cat > isa.cpp <<'EOF'
#include <cstdlib>
#include <latentcell/kernel/dispatch.hpp>
namespace kernel = latentcell::kernel;
int main(int, char** arguments) {
  kernel::limit_isa(kernel::Isa::portable);
  kernel::Isa used{};
  kernel::vectorized([&](auto isa) __attribute__((always_inline)) { used = decltype(isa)::isa; });
  return used == kernel::isa() && int(used) == std::atoi(arguments[1]) ? 0 : 1;
}
EOF
if ! echo 'int main() { return __builtin_cpu_supports("avx2") ? 0 : 1; }' | $cxx -x c++ - -o probe || ! ./probe; then
  echo "skipped: no AVX2 on this machine"
  exit 0
fi
for compiler in "${compilers[@]}"; do
  $compiler $flags $plain isa.cpp -o isa && ./isa 0
  $compiler $flags -march=x86-64-v3 isa.cpp -o isa && ./isa 1
  $compiler $flags -march=x86-64-v3 -DLATENTCELL_EVERY_ISA isa.cpp -o isa && ./isa 0
  echo "$compiler leaves out the sets below -march"
done
