#pragma once

#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/cholesky.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Covariance of a value at two locations, an exponential of their distance beside a nugget (Cressie 1993, chapter 2).
struct Variogram {
  double range = 5;     ///< in units of the coordinates, above 0. Larger: distant neighbours correlate.
  double nugget = 0.5;  ///< share of the variance that no neighbour shares, in (0, 1). Larger: smoother maps.

  /// Covariance of two different locations, as a share of the variance.
  double covariance(double distance) const { return (1 - nugget) * std::exp(-distance / range); }
};

/// Returns the neighbours' weights in the ordinary-kriging mean of one location; they sum to 1.
/// The mean of the field is unknown and constant (Matheron 1963; Cressie 1993, chapter 3).
/// between: distances among the neighbours, of which the lower triangle is read; to: distances to the location
/// shapes: between (n, n), to (n) -> (n)
inline std::vector<double> kriging_weights(const Matrix<double>& between, std::span<const double> to,
                                           const Variogram& v) {
  const Index n = Index(to.size());
  LATENTCELL_REQUIRE(between.rows() == n && between.cols() == n, "kriging_weights: distances (", between.rows(), ", ",
                     between.cols(), ") among ", n, " neighbours");
  Matrix<double> covariance(n, n), right(n, 2);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j)
      covariance(i, j) = covariance(j, i) = v.covariance(between(i, j)) + (i == j ? v.nugget : 0.0);
    right(i, 0) = v.covariance(to[to_size(i)]);
    right(i, 1) = 1;
  }
  cholesky_solve(covariance, right);
  double simple = 0, ones = 0;
  for (Index i = 0; i < n; ++i) {
    simple += right(i, 0);
    ones += right(i, 1);
  }
  std::vector<double> out(to.size());
  for (Index i = 0; i < n; ++i) out[to_size(i)] = right(i, 0) + right(i, 1) * (1 - simple) / ones;
  return out;
}

}  // namespace latentcell::kernel
