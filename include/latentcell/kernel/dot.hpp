#pragma once

#include <latentcell/core/types.hpp>

// Two loops over contiguous numbers, on one thread, for algorithms whose rows are too short for a matrix product.

namespace LATENTCELL_NAMESPACE::kernel {

/// sum of x[i] * y[i] over n numbers
template <class T>
inline T dot(Index n, const T* x, const T* y) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

/// y[i] += a * x[i] over n numbers
template <class T>
inline void add_multiple(Index n, T a, const T* x, T* y) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] += a * x[i];
}

}  // namespace latentcell::kernel
