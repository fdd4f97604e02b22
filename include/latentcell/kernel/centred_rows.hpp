#pragma once

#include <algorithm>

#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/parallel.hpp>

// One interface to rows, sparse or dense, and to their covariance as an operator.

namespace LATENTCELL_NAMESPACE::kernel {

/// Sparse rows for the loops below.      x (N, G)
struct SparseRows {
  CountsView x;
  Index rows() const { return x.rows; }
  Index cols() const { return x.cols; }
  // f(g, value) for the entries of row n with first <= g < last
  template <class F>
  void entries(Index n, Index first, Index last, const F& f) const {
    const std::int32_t* at = x.columns + x.row_start[n];
    const std::int32_t* end = x.columns + x.row_start[n + 1];
    if (first > 0) at = std::lower_bound(at, end, std::int32_t(first));
    for (; at != end && *at < last; ++at) f(Index(*at), double(x.values[at - x.columns]));
  }
};

/// Dense rows for the loops below.       x (N, G)
template <class T>
struct DenseRows {
  ConstView<T> x;
  Index rows() const { return x.rows(); }
  Index cols() const { return x.cols(); }
  template <class F>
  void entries(Index n, Index first, Index last, const F& f) const {
    const T* row = x.data() + n * x.cols();
    for (Index g = first; g < last; ++g) f(g, double(row[g]));
  }
};

/// Mean of every column.                 x (N, G) -> (1, G)
template <class Rows>
RowVector<double> column_means(const Rows& x) {
  RowVector<double> mean = RowVector<double>::Zero(x.cols());
  double* sum = mean.data();
  parallel_ranges(x.cols(), std::max<Index>(64, grain_of(x.rows())), [&](Index first, Index last) {
    for (Index n = 0; n < x.rows(); ++n) x.entries(n, first, last, [&](Index g, double v) { sum[g] += v; });
    for (Index g = first; g < last; ++g) sum[g] /= double(x.rows());
  });
  return mean;
}

/// Directions that multiply_covariance takes at once.
inline constexpr Index covariance_lanes = 16;

/// z = Xc^T Xc w with Xc = x - 1 mean, which is never formed.   w, z (G, covariance_lanes); y (N, covariance_lanes)
/// scratch
template <class Rows>
void multiply_covariance(const Rows& x, const RowVector<double>& mean, const Matrix<double>& w, Matrix<double>& y,
                         Matrix<double>& z) {
  constexpr Index b = covariance_lanes;
  double offset[b] = {}, total[b] = {};
  for (Index g = 0; g < x.cols(); ++g) {
    for (Index j = 0; j < b; ++j) offset[j] += mean[g] * w(g, j);
  }
  parallel_ranges(x.rows(), grain_of(x.cols() * b / 4), [&](Index first, Index last) {
    for (Index n = first; n < last; ++n) {
      double sum[b];
      for (Index j = 0; j < b; ++j) sum[j] = -offset[j];
      x.entries(n, 0, x.cols(), [&](Index g, double v) {
        const double* from = w.data() + g * b;
#pragma omp simd
        for (Index j = 0; j < b; ++j) sum[j] += v * from[j];
      });
      std::copy_n(sum, b, y.data() + n * b);
    }
  });
  for (Index n = 0; n < x.rows(); ++n) {
    for (Index j = 0; j < b; ++j) total[j] += y(n, j);
  }
  // Genes are split, not cells: one thread owns a row of z and adds to it in the order of the cells.
  parallel_ranges(x.cols(), std::max<Index>(64, grain_of(x.rows() * b / 4)), [&](Index first, Index last) {
    for (Index g = first; g < last; ++g) {
      for (Index j = 0; j < b; ++j) z(g, j) = -mean[g] * total[j];
    }
    for (Index n = 0; n < x.rows(); ++n) {
      const double* from = y.data() + n * b;
      x.entries(n, first, last, [&](Index g, double v) {
        double* to = z.data() + g * b;
#pragma omp simd
        for (Index j = 0; j < b; ++j) to[j] += v * from[j];
      });
    }
  });
}

}  // namespace latentcell::kernel
