#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/transport/assignment.hpp>

namespace LATENTCELL_NAMESPACE::metric {

namespace detail {

inline void require_one_size(const char* name, ConstView<float> x, ConstView<float> y) {
  LATENTCELL_REQUIRE(x.rows() == y.rows() && x.rows() > 0, name, ": needs two sets of one size, got ", x.rows(),
                     " and ", y.rows(), " points; subsample the larger one");
  LATENTCELL_REQUIRE(x.cols() == y.cols(), name, ": points have ", x.cols(), " and ", y.cols(), " coordinates");
}

// Squared distance of each point of x to the one of y it is assigned to, in double.
inline std::vector<double> matched_squares(ConstView<float> x, ConstView<float> y, ConstView<float> cost) {
  const Assignment matched = assign(cost);
  std::vector<double> out(to_size(x.rows()), 0.0);
  for (Index i = 0; i < x.rows(); ++i) {
    const Index j = matched.column[to_size(i)];
    for (Index c = 0; c < x.cols(); ++c)
      out[to_size(i)] += (double(x(i, c)) - double(y(j, c))) * (double(x(i, c)) - double(y(j, c)));
  }
  return out;
}

}  // namespace detail

/// Exact 2-Wasserstein distance between two point sets of one size: the square root of the mean squared distance under
/// the assignment that makes it least.      x (N, D), y (N, D) -> in the units of the points
/// Takes N x N floats of memory and about 0.1 s for 1,000 points, 1 s for 3,000. Grows with N: compare only values of
/// equal N. Throws std::invalid_argument for sets of different sizes: subsample() the larger one.
inline double wasserstein2(ConstView<float> x, ConstView<float> y) {
  detail::require_one_size("wasserstein2", x, y);
  const Matrix<float> cost = kernel::squared_distances(x, y);
  double sum = 0;
  for (const double d2 : detail::matched_squares(x, y, view(cost))) sum += d2;
  return std::sqrt(sum / double(x.rows()));
}

/// Exact 1-Wasserstein distance: the mean distance under the assignment that makes it least. As wasserstein2 in all
/// else.     x (N, D), y (N, D) -> in the units of the points
inline double wasserstein1(ConstView<float> x, ConstView<float> y) {
  detail::require_one_size("wasserstein1", x, y);
  Matrix<float> cost = kernel::squared_distances(x, y);
  cost = cost.array().max(0.0f).sqrt();
  double sum = 0;
  for (const double d2 : detail::matched_squares(x, y, view(cost))) sum += std::sqrt(d2);
  return sum / double(x.rows());
}

}  // namespace latentcell::metric
