#pragma once

#include <cmath>

#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

// y = (x - mean) * rstd, row by row.                 x, y (N, D); rstd (N)
template <class T>
void layer_norm(ConstView<T> x, View<T> y, T* rstd, T eps) {
  const Index d = x.cols();
  parallel_ranges(x.rows(), grain_of(d), [&](Index first, Index last) {
    vectorized([ =, from = x.data(), to = y.data() ]() __attribute__((always_inline)) {
      for (Index n = first; n < last; ++n) {
        const T* const in = from + n * d;
        T* const out = to + n * d;
        const T mean = fast::lanes::sum_each<T>(
                           d, [=](Index j) __attribute__((always_inline)) { return in[j]; }) /
                       T(d);
        const T square = fast::lanes::sum_each<T>(
            d, [=](Index j) __attribute__((always_inline)) { return (in[j] - mean) * (in[j] - mean); });
        const T r = T(1) / std::sqrt(square / T(d) + eps);
        rstd[n] = r;
#pragma omp simd
        for (Index j = 0; j < d; ++j) out[j] = (in[j] - mean) * r;
      }
    });
  });
}

// dx = rstd * (dy - mean(dy) - y * mean(dy * y)), added where `add`.   y is the forward output
template <class T>
void layer_norm_grad(ConstView<T> y, const T* rstd, ConstView<T> dy, View<T> dx, bool add) {
  const Index d = y.cols();
  parallel_ranges(y.rows(), grain_of(d), [&](Index first, Index last) {
    vectorized([ =, outs = y.data(), gs = dy.data(), tos = dx.data() ]() __attribute__((always_inline)) {
      for (Index n = first; n < last; ++n) {
        const T *const out = outs + n * d, *const g = gs + n * d;
        T* const to = tos + n * d;
        const T mean = fast::lanes::sum_each<T>(
                           d, [=](Index j) __attribute__((always_inline)) { return g[j]; }) /
                       T(d);
        const T dot = fast::lanes::sum_each<T>(
                          d, [=](Index j) __attribute__((always_inline)) { return g[j] * out[j]; }) /
                      T(d);
        const T r = rstd[n];
        if (add) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) to[j] += r * (g[j] - mean - out[j] * dot);
        } else {
#pragma omp simd
          for (Index j = 0; j < d; ++j) to[j] = r * (g[j] - mean - out[j] * dot);
        }
      }
    });
  });
}

}  // namespace latentcell::kernel
