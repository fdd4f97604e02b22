#pragma once

#include <cmath>

#include <latentcell/kernel/rows.hpp>

namespace latentcell::kernel {

// y = (x - mean) * rstd, row by row.                 x, y (N, D); rstd (N)
template <class T>
void layer_norm(ConstView<T> x, View<T> y, T* rstd, T eps) {
  const Index d = x.cols();
  parallel_ranges(x.rows(), row_grain(d), [&](Index first, Index last) {
    for (Index n = first; n < last; ++n) {
      const T* in = x.data() + n * d;
      T* out = y.data() + n * d;
      T sum = 0;
#pragma omp simd reduction(+ : sum)
      for (Index j = 0; j < d; ++j) sum += in[j];
      const T mean = sum / T(d);
      T square = 0;
#pragma omp simd reduction(+ : square)
      for (Index j = 0; j < d; ++j) square += (in[j] - mean) * (in[j] - mean);
      const T r = T(1) / std::sqrt(square / T(d) + eps);
      rstd[n] = r;
#pragma omp simd
      for (Index j = 0; j < d; ++j) out[j] = (in[j] - mean) * r;
    }
  });
}

// dx += rstd * (dy - mean(dy) - y * mean(dy * y)).   y is the forward output
template <class T>
void layer_norm_grad(ConstView<T> y, const T* rstd, ConstView<T> dy, View<T> dx) {
  const Index d = y.cols();
  parallel_ranges(y.rows(), row_grain(d), [&](Index first, Index last) {
    for (Index n = first; n < last; ++n) {
      const T* out = y.data() + n * d;
      const T* g = dy.data() + n * d;
      T* to = dx.data() + n * d;
      T sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
      for (Index j = 0; j < d; ++j) {
        sum += g[j];
        dot += g[j] * out[j];
      }
      sum /= T(d);
      dot /= T(d);
      const T r = rstd[n];
#pragma omp simd
      for (Index j = 0; j < d; ++j) to[j] += r * (g[j] - sum - out[j] * dot);
    }
  });
}

}  // namespace latentcell::kernel
