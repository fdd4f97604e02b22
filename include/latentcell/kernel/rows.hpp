#pragma once

#include <cmath>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/kernel/parallel.hpp>

// Small loops over rows that several operations share.

namespace LATENTCELL_NAMESPACE::kernel {

/// sum[j] += x[n, j] over the rows n.     x (N, D), sum (D)
template <class T>
void add_column_sums(ConstView<T> x, T* sum) {
  const Index d = x.cols();
  // Columns are split, not rows, so that the order of the sum does not depend on the number of threads.
  parallel_ranges(d, std::max<Index>(16, grain_of(x.rows())), [&](Index first, Index last) {
    vectorized([ =, data = x.data(), rows = x.rows() ]() __attribute__((always_inline)) {
      for (Index n = 0; n < rows; ++n) {
        const T* const row = data + n * d;
#pragma omp simd
        for (Index j = first; j < last; ++j) sum[j] += row[j];
      }
    });
  });
}

/// y += a * x, over n numbers.
template <class T>
void add_scaled(Index n, T a, const T* x, T* y) {
  parallel_ranges(n, thread_grain(), [&](Index first, Index last) {
    vectorized([=]() __attribute__((always_inline)) {
#pragma omp simd
      for (Index i = first; i < last; ++i) y[i] += a * x[i];
    });
  });
}

/// f(i) for i in [0, n), in vector order; f must touch element i only, and be marked always_inline to run wide.
template <class F>
void each_element(Index n, const F& f) {
  parallel_ranges(n, thread_grain(), [&](Index first, Index last) {
    vectorized([=]() __attribute__((always_inline)) {
#pragma omp simd
      for (Index i = first; i < last; ++i) f(i);
    });
  });
}

/// Returns whether every number is finite.
template <class T>
bool all_finite(const View<T>& z) {
  for (Index i = 0; i < z.size(); ++i) {
    if (!std::isfinite(z.data()[i])) return false;
  }
  return true;
}

}  // namespace latentcell::kernel
