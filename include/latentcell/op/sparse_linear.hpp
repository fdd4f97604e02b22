#pragma once

#include <latentcell/kernel/sparse_linear.hpp>
#include <latentcell/op/csc.hpp>

namespace LATENTCELL_NAMESPACE {

/// y = log1p(x / size_factor) W + b on the non-zeros only; zeros cost nothing.
/// x (B, G) sparse counts, size_factor (B) > 0, weight (G, M), bias (1, M) -> (B, M)
template <class T>
Var<T> sparse_linear(const CountsView& x, std::span<const float> size_factor, Var<T> weight, Var<T> bias) {
  LATENTCELL_REQUIRE(x.cols == weight.rows(), "sparse_linear: counts of ", x.cols, " genes but weight ", weight.shape(),
                     " takes ", weight.rows());
  LATENTCELL_REQUIRE(Index(size_factor.size()) == x.rows, "sparse_linear: ", size_factor.size(), " size factors for ",
                     x.rows, " cells");
  LATENTCELL_REQUIRE(bias.rows() == 1 && bias.cols() == weight.cols(), "sparse_linear: bias ", bias.shape(),
                     " does not fit weight ", weight.shape());
  Tape<T>& tape = weight.tape();
  Var<T> y = tape.alloc(Shape(x.rows, weight.cols()), weight, bias);
  T* const values = tape.scratch(x.nonzeros());
  kernel::parallel_ranges(x.rows, 8, [&](Index first, Index last) {
    for (Index b = first; b < last; ++b) {
      const T factor = T(1) / T(size_factor[to_size(b)]);
      const std::int64_t from = x.row_start[b], count = x.row_start[b + 1] - from;
      const float* const counts = x.values + from;
      T* const to = values + (from - x.row_start[0]);
      kernel::vectorized([=]() __attribute__((always_inline)) {
        kernel::fast::lanes::each<T>(
            count, [=](std::int64_t k)
                       __attribute__((always_inline)) { to[k] = kernel::fast::log1p(T(counts[k]) * factor); });
      });
    }
  });
  const kernel::CscCounts<T> input = csc_counts<T, T>(tape, x, values);
  kernel::sparse_linear<T>(input, weight.value(), bias.value().data(), y.out(),
                           tape.workspace(kernel::sparse_linear_scratch(input.plan, weight.cols())).data());
  tape.on_backward(y, [=] {
    if (weight.needs_grad()) {
      T* const gradient = y.tape().scratch(weight.shape().size());
      kernel::sparse_linear_grad<T>(input, y.upstream(), gradient);
      y.tape().hand_gradient(weight, gradient);
    }
    if (bias.needs_grad()) kernel::add_column_sums<T>(y.upstream(), bias.grad().data());
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> sparse_linear<float>(const CountsView& x, std::span<const float> size_factor,
                                                Var<float> weight, Var<float> bias);
#endif

}  // namespace latentcell
