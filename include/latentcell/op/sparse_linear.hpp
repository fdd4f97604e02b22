#pragma once

#include <algorithm>
#include <cmath>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/sparse_linear.hpp>

namespace latentcell {

/// y = log1p(x / size_factor) W + b on the non-zeros only; zeros cost nothing.
/// x (B, G) sparse counts, size_factor (B) > 0, weight (G, M), bias (1, M) -> (B, M)
/// The counts must outlive backward().
template <class T>
Var<T> sparse_linear(const CountsView& x, std::span<const float> size_factor, Var<T> weight, Var<T> bias) {
  LATENTCELL_REQUIRE(x.cols == weight.rows(), "sparse_linear: counts of ", x.cols, " genes but weight ",
                     weight.shape(), " takes ", weight.rows());
  LATENTCELL_REQUIRE(Index(size_factor.size()) == x.rows, "sparse_linear: ", size_factor.size(), " size factors for ",
                     x.rows, " cells");
  LATENTCELL_REQUIRE(bias.rows() == 1 && bias.cols() == weight.cols(), "sparse_linear: bias ", bias.shape(),
                     " does not fit weight ", weight.shape());
  Tape<T>& tape = weight.tape();
  Var<T> y = tape.alloc(Shape(x.rows, weight.cols()), weight, bias);
  T* values = tape.scratch(x.nonzeros());
  kernel::parallel_ranges(x.rows, 8, [&](Index first, Index last) {
    for (Index b = first; b < last; ++b) {
      const T factor = T(1) / T(size_factor[to_size(b)]);
      for (std::int64_t k = x.row_start[b]; k < x.row_start[b + 1]; ++k) {
        values[k - x.row_start[0]] = std::log1p(T(x.values[k]) * factor);
      }
    }
  });
  kernel::fill_rows<T>(bias.value().data(), y.out());
  kernel::sparse_linear<T>(x, values, weight.value(), y.out());
  tape.on_backward(y, [=] {
    if (weight.needs_grad()) kernel::sparse_linear_grad<T>(x, values, y.upstream(), weight.grad());
    if (bias.needs_grad()) kernel::add_column_sums<T>(y.upstream(), bias.grad().data());
  });
  return y;
}

}  // namespace latentcell
