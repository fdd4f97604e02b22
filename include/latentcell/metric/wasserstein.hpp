#pragma once

#include <cmath>

#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/transport/assignment.hpp>

namespace latentcell::metric {

/// Exact 2-Wasserstein distance between two point sets of one size: the square root of the mean squared distance under
/// the assignment that makes it least.      x (N, D), y (N, D) -> in the units of the points
/// Takes N x N floats of memory and about 0.1 s for 1,000 points, 1 s for 3,000. Grows with N: compare only values of
/// equal N. Throws std::invalid_argument for sets of different sizes: subsample() the larger one.
inline double wasserstein2(ConstView<float> x, ConstView<float> y) {
  LATENTCELL_REQUIRE(x.rows() == y.rows() && x.rows() > 0, "wasserstein2: needs two sets of one size, got ", x.rows(),
                     " and ", y.rows(), " points; subsample the larger one");
  LATENTCELL_REQUIRE(x.cols() == y.cols(), "wasserstein2: points have ", x.cols(), " and ", y.cols(), " coordinates");
  const Matrix<float> cost = kernel::squared_distances(x, y);
  const Assignment matched = assign(view(cost));
  double sum = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const Index j = matched.column[to_size(i)];
    for (Index c = 0; c < x.cols(); ++c)
      sum += (double(x(i, c)) - double(y(j, c))) * (double(x(i, c)) - double(y(j, c)));
  }
  return std::sqrt(sum / double(x.rows()));
}

}  // namespace latentcell::metric
