#!/usr/bin/env bash
# A compiler without OpenMP: no warning, one thread, and the results of one thread with OpenMP to the bit.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/sums.cpp" <<'EOF'
#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/dot.hpp>
#include <latentcell/kernel/parallel.hpp>

#include <cstdio>
#include <stdexcept>
#include <vector>

int main() {
  namespace lc = latentcell;
  std::vector<float> x(1000), sums(50);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1 / (1 + float(i));
  const auto partial_sum = [&](lc::Index i) {
    sums[lc::to_size(i)] = lc::kernel::dot(lc::Index(x.size()) - 7 * i, x.data() + i, x.data());
  };
  lc::kernel::parallel_items(25, partial_sum);
  lc::kernel::parallel_items(4, [&](lc::Index i) { partial_sum(25 + i); });
  lc::kernel::parallel_ranges(21, 1, [&](lc::Index first, lc::Index last) {
    for (lc::Index i = first; i < last; ++i) partial_sum(29 + i);
  });
  for (const float sum : sums) std::printf("%a\n", double(sum));
#ifndef _OPENMP
  try {
    lc::set_threads(2);
    return 1;
  } catch (const std::invalid_argument&) {
  }
  return lc::threads() == 1 ? 0 : 1;
#endif
}
EOF
# With neither flag the compiler warns, and the sums are the same up to rounding.
plain=${flags/-fopenmp/}
for compiler in "${compilers[@]}"; do
  $compiler $flags $warnings -O2 "$folder/sums.cpp" -o "$folder/openmp"
  $compiler $plain -fopenmp-simd $warnings -O2 "$folder/sums.cpp" -o "$folder/simd"
  $compiler $plain -w -O2 "$folder/sums.cpp" -o "$folder/plain"
  OMP_NUM_THREADS=1 "$folder/openmp" > "$folder/openmp.txt"
  "$folder/simd" > "$folder/simd.txt"
  "$folder/plain" > "$folder/plain.txt"
  if ! cmp "$folder/openmp.txt" "$folder/simd.txt" || [ "$(wc -l < "$folder/plain.txt")" -ne 50 ]; then
    echo "FAILED: other sums without OpenMP under $compiler"
    exit 1
  fi
  echo "$compiler without OpenMP: the same sums"
done

# A project whose compiler has none is told, and gets programs of one thread; CMake's switch stands for the compiler.
cmake -S "$source_dir/tests/packaging/consumer" -B "$folder/build" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CXX_FLAGS="$sanitize" \
  -DFETCH="$source_dir" -DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
grep -q "has no OpenMP, so programs run on one thread" "$folder/log" || { cat "$folder/log"; exit 1; }
cmake --build "$folder/build" -- -j "$jobs"
"$folder/build/consumer"
if ! grep -q -- -fopenmp-simd "$folder/build/compile_commands.json" ||
  grep -q -- '-fopenmp ' "$folder/build/compile_commands.json" || ldd "$folder/build/consumer" | grep -E 'libgomp|libomp'; then
  echo "FAILED: the project without OpenMP is compiled with it"
  exit 1
fi
