#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/dot.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Eigenvalues of a symmetric matrix, largest first, and their unit vectors.
struct EigenPairs {
  std::vector<double> values;  ///< (n), descending
  Matrix<double> vectors;      ///< (n, n), one vector a row
};

/// Eigenvalues and vectors of a symmetric matrix; meant for n of a few hundred at most.
/// a (n, n), both triangles filled
/// One-sided Jacobi (Hestenes 1958) on a + shift I: rotates the rows until they are orthogonal; rows are then vectors
/// times shifted values. All work runs along contiguous rows. The shift makes every shifted value positive and of one
/// size, so errors are near the machine precision times the largest value.
inline EigenPairs jacobi_eigen(Matrix<double> a) {
  const Index n = a.rows();
  LATENTCELL_REQUIRE(a.cols() == n, "jacobi_eigen: needs a square matrix, got (", n, ", ", a.cols(), ")");
  double bound = 0;  // no eigenvalue is larger in size than the largest row sum of sizes
  for (Index i = 0; i < n; ++i) {
    double sum = 0;
    for (Index j = 0; j < n; ++j) sum += std::abs(a(i, j));
    LATENTCELL_REQUIRE(std::isfinite(sum), "jacobi_eigen: row ", i, " has entries that are not finite");
    bound = std::max(bound, sum);
  }
  const double shift = bound > 0.0 ? 2.0 * bound : 1.0;
  for (Index i = 0; i < n; ++i) a(i, i) += shift;

  const double small = std::numeric_limits<double>::epsilon() * std::max(4.0, std::sqrt(double(n)));
  std::vector<double> square(to_size(n), 0.0);
  const auto measure = [&] {
    for (Index i = 0; i < n; ++i) square[to_size(i)] = dot(n, a.data() + i * n, a.data() + i * n);
  };
  bool moved = true;
  for (int sweep = 0; sweep < 60 && moved; ++sweep) {
    moved = false;
    measure();
    for (Index p = 0; p + 1 < n; ++p) {
      for (Index q = p + 1; q < n; ++q) {
        double* x = a.data() + p * n;
        double* y = a.data() + q * n;
        double& xx = square[to_size(p)];
        double& yy = square[to_size(q)];
        const double xy = dot(n, x, y);
        if (std::abs(xy) <= small * std::sqrt(xx * yy)) continue;
        moved = true;
        const double zeta = (yy - xx) / (2.0 * xy);
        const double t = std::copysign(1.0, zeta) / (std::abs(zeta) + std::sqrt(1.0 + zeta * zeta));
        const double c = 1.0 / std::sqrt(1.0 + t * t), s = c * t;
#pragma omp simd
        for (Index j = 0; j < n; ++j) {
          const double xj = x[j], yj = y[j];
          x[j] = c * xj - s * yj;
          y[j] = s * xj + c * yj;
        }
        xx -= t * xy;
        yy += t * xy;
      }
    }
  }
  measure();
  std::vector<Index> order(to_size(n));
  std::iota(order.begin(), order.end(), Index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](Index i, Index j) { return square[to_size(i)] > square[to_size(j)]; });
  EigenPairs out;
  out.vectors.resize(n, n);
  for (Index r = 0; r < n; ++r) {
    const Index i = order[to_size(r)];
    const double length = std::sqrt(square[to_size(i)]);
    out.values.push_back(length - shift);
    for (Index j = 0; j < n; ++j) out.vectors(r, j) = a(i, j) / length;
  }
  return out;
}

}  // namespace latentcell::kernel
