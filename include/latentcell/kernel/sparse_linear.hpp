#pragma once

#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/rows.hpp>

namespace latentcell::kernel {

/// y[b] += sum over the non-zeros (g, v) of row b of v * w[g].
/// x (B, G) sparse with `values` in place of its own, w (G, D), y (B, D)
template <class T>
void sparse_linear(const CountsView& x, const T* values, ConstView<T> w, View<T> y) {
  const Index d = w.cols();
  parallel_ranges(x.rows, 1, [&](Index first, Index last) {
    for (Index b = first; b < last; ++b) {
      T* out = y.data() + b * d;
      for (std::int64_t k = x.row_start[b]; k < x.row_start[b + 1]; ++k) {
        const T v = values[k - x.row_start[0]];
        const T* row = w.data() + Index(x.columns[k]) * d;
#pragma omp simd
        for (Index j = 0; j < d; ++j) out[j] += v * row[j];
      }
    }
  });
}

/// dw[g] += v * dy[b] for each non-zero (b, g, v).     dy (B, D), dw (G, D)
template <class T>
void sparse_linear_grad(const CountsView& x, const T* values, ConstView<T> dy, View<T> dw) {
  const Index d = dy.cols();
  // Columns of the width are split: each thread scatters into its own part of every row, in one fixed order.
  parallel_ranges(d, 16, [&](Index first, Index last) {
    for (Index b = 0; b < x.rows; ++b) {
      const T* from = dy.data() + b * d;
      for (std::int64_t k = x.row_start[b]; k < x.row_start[b + 1]; ++k) {
        const T v = values[k - x.row_start[0]];
        T* row = dw.data() + Index(x.columns[k]) * d;
#pragma omp simd
        for (Index j = first; j < last; ++j) row[j] += v * from[j];
      }
    }
  });
}

}  // namespace latentcell::kernel
