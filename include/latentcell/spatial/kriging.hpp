#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/kernel/kriging.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/spatial/neighbor_query.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

namespace detail {

/// Distances among the first `count` neighbours of a location.     -> (n, n), n the smaller of count and their number
inline Matrix<double> neighbor_distances(const Locations& reference, const NeighborQuery& near, double slice_gap,
                                         Index count) {
  const Index n = std::min(count, near.size());
  Matrix<double> out(n, n);
  for (Index i = 0; i < n; ++i) {
    const Index a = near.row[to_size(i)];
    for (Index j = 0; j <= i; ++j) {
      const Index b = near.row[to_size(j)];
      const double x = double(reference.coordinates(a, 0) - reference.coordinates(b, 0)),
                   y = double(reference.coordinates(a, 1) - reference.coordinates(b, 1)),
                   z = slice_gap * (reference.slice[to_size(a)] - reference.slice[to_size(b)]);
      out(i, j) = out(j, i) = std::sqrt(x * x + y * y + z * z);
    }
  }
  return out;
}

/// Kriging mean from neighbours whose distances among each other are given.     -> (K)
inline RowVector<double> kriging_mean(const SpatialReference& reference, const NeighborQuery& near,
                                      const Matrix<double>& between, const kernel::Variogram& variogram) {
  RowVector<double> out = RowVector<double>::Zero(reference.values.cols());
  const Index n = between.rows();
  if (n == 0) return out;
  const std::vector<double> weight =
      kernel::kriging_weights(between, std::span(near.distance.data(), to_size(n)), variogram);
  for (Index i = 0; i < n; ++i) out += weight[to_size(i)] * reference.values.row(near.row[to_size(i)]).cast<double>();
  return out;
}

}  // namespace detail

/// Returns the ordinary-kriging mean of the reference's values at a location, from its first `count` neighbours; zero
/// where it has none.
/// shapes: -> (K)
inline RowVector<double> krige(const SpatialReference& reference, const NeighborQuery& near,
                               const kernel::Variogram& variogram, double slice_gap, Index count) {
  return detail::kriging_mean(reference, near, detail::neighbor_distances(reference, near, slice_gap, count),
                              variogram);
}

struct VariogramOptions {
  double slice_gap = 1;  ///< distance between neighbouring slices, in units of the coordinates, at least 0
  Index trials = 200;    ///< reference cells whose values are kriged from the others, at least 1. Larger: slower.
  Index neighbors = 40;  ///< nearest cells that kriging uses, at least 1. Larger: slower.

  static void visit(auto& self, auto&& f) {
    f("slice_gap", self.slice_gap, at_least(0));
    f("trials", self.trials, at_least(1));
    f("neighbors", self.neighbors, at_least(1));
  }
};

/// Returns the variogram of a grid whose kriging predicts the reference's values with the least squared error, each
/// cell from the others that the mask leaves.
inline kernel::Variogram fit_variogram(const SpatialReference& reference, const SpatialMask& mask,
                                       const VariogramOptions& o, Rng& rng) {
  check_options("fit_variogram", o);
  const std::vector<Index> rows = metric::subsample_rows(reference.size(), std::min(reference.size(), o.trials), rng);
  std::vector<NeighborQuery> near;
  std::vector<Matrix<double>> between;
  for (const Index r : rows) {
    Location at = reference[r];
    at.row = r;
    near.emplace_back(reference, at, mask, o.slice_gap, o.neighbors);
    between.push_back(detail::neighbor_distances(reference, near.back(), o.slice_gap, o.neighbors));
  }
  kernel::Variogram best;
  double least = std::numeric_limits<double>::infinity();
  for (const double range : {1.5, 3.0, 6.0, 12.0, 25.0, 50.0}) {
    for (const double nugget : {0.1, 0.3, 0.5, 0.7, 0.85, 0.95}) {
      std::vector<double> error(rows.size(), 0.0);
      kernel::parallel_items(Index(rows.size()), [&](Index i) {
        const std::size_t k = to_size(i);
        const RowVector<double> mean = detail::kriging_mean(reference, near[k], between[k], {range, nugget});
        error[k] = (reference.values.row(rows[k]).cast<double>() - mean).squaredNorm();
      });
      const double sum = std::accumulate(error.begin(), error.end(), 0.0);
      if (sum < least) least = sum, best = {range, nugget};
    }
  }
  return best;
}

}  // namespace latentcell::spatial
