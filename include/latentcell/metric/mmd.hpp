#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/metric/median_distance.hpp>

namespace LATENTCELL_NAMESPACE::metric {

namespace detail {

// Sums of f(d2) over all pairs of x and y, or over the pairs i < j of x alone, in an order that no thread count
// changes.
template <class F>
double sum_between(ConstView<float> x, ConstView<float> y, const F& f) {
  std::vector<double> rows(to_size(x.rows()), 0.0);
  kernel::each_distance(x, y, [&](Index i, Index, Index count, const double* d2) {
    for (Index j = 0; j < count; ++j) rows[to_size(i)] += f(d2[j]);
  });
  return std::accumulate(rows.begin(), rows.end(), 0.0);
}

template <class F>
double sum_within(ConstView<float> x, const F& f) {
  std::vector<double> rows(to_size(x.rows()), 0.0);
  kernel::each_distance(
      x, x, [](Index i) { return i + 1; },
      [&](Index i, Index first, Index count, const double* d2) {
        for (Index j = std::max<Index>(0, i + 1 - first); j < count; ++j) rows[to_size(i)] += f(d2[j]);
      });
  return std::accumulate(rows.begin(), rows.end(), 0.0);
}

// mean over different pairs of x + the same of y - 2 * mean over pairs of both
template <class F>
double unbiased_difference(ConstView<float> x, ConstView<float> y, const F& f) {
  const double n = double(x.rows()), m = double(y.rows());
  return 2.0 * sum_within(x, f) / (n * (n - 1)) + 2.0 * sum_within(y, f) / (m * (m - 1)) -
         2.0 * sum_between(x, y, f) / (n * m);
}

inline void require_two_sets(const char* name, ConstView<float> x, ConstView<float> y) {
  LATENTCELL_REQUIRE(x.rows() >= 2 && y.rows() >= 2, name, ": needs at least two points on each side, got ", x.rows(),
                     " and ", y.rows());
  LATENTCELL_REQUIRE(x.cols() == y.cols(), name, ": points have ", x.cols(), " and ", y.cols(), " coordinates");
}

}  // namespace detail

/// Squared maximum mean discrepancy with the kernel exp(-(d / bandwidth)^2), unbiased: a point is not paired with
/// itself, so sets of one distribution give numbers around 0, also below. Some write the kernel as
/// exp(-d^2 / (2 sigma^2)): then bandwidth = sqrt(2) sigma.
/// x (N, D), y (M, D), bandwidth > 0 -> at most 2;  Gretton et al., JMLR 13 (2012), equation 3
inline double mmd(ConstView<float> x, ConstView<float> y, double bandwidth) {
  detail::require_two_sets("mmd", x, y);
  LATENTCELL_REQUIRE(bandwidth > 0.0 && std::isfinite(bandwidth), "mmd: bandwidth must be positive, got ", bandwidth);
  const double scale = -1.0 / (bandwidth * bandwidth);
  return detail::unbiased_difference(x, y, [scale](double d2) { return std::exp(scale * d2); });
}

/// The same with the median heuristic: the bandwidth is the median Euclidean distance of all pairs of different points
/// of the two sets thrown together (median_distance).      x (N, D), y (M, D)
inline double mmd(ConstView<float> x, ConstView<float> y) {
  detail::require_two_sets("mmd", x, y);
  Matrix<float> pooled(x.rows() + y.rows(), x.cols());
  std::copy_n(x.data(), x.size(), pooled.data());
  std::copy_n(y.data(), y.size(), pooled.data() + x.size());
  const double bandwidth = median_distance(view(pooled));
  LATENTCELL_REQUIRE(bandwidth > 0.0, "mmd: more than half of all pairs of points are equal; give a bandwidth");
  return mmd(x, y, bandwidth);
}

}  // namespace latentcell::metric
