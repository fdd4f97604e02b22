#pragma once

#include <limits>

#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// The nearest code of each piece of each cell, by squared distance; the first of equals.
/// z (B, groups * d), table (groups * codes, d): the codes of group 0, then of 1, ... -> code (B, groups), each in
/// [0, codes)
template <class T>
void nearest_codes(ConstView<T> z, ConstView<T> table, Index groups, int* code) {
  const Index d = table.cols(), codes = table.rows() / groups, width = z.cols();
  parallel_ranges(z.rows(), grain_of(width * codes), [&](Index first, Index last) {
    for (Index b = first; b < last; ++b) {
      for (Index g = 0; g < groups; ++g) {
        const T* const point = z.data() + b * width + g * d;
        T best = std::numeric_limits<T>::max();
        int chosen = 0;
        for (Index c = 0; c < codes; ++c) {
          const T* const to = table.data() + (g * codes + c) * d;
          T sum = 0;
#pragma omp simd reduction(+ : sum)
          for (Index j = 0; j < d; ++j) sum += (point[j] - to[j]) * (point[j] - to[j]);
          if (sum < best) {
            best = sum;
            chosen = int(c);
          }
        }
        code[b * groups + g] = chosen;
      }
    }
  });
}

}  // namespace latentcell::kernel
