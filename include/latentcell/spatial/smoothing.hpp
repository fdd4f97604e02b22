#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/spatial/neighbor_query.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Nearest cells that Gaussian smoothing averages.
inline constexpr Index smoothed_cells = 100;

/// Gaussian-weighted mean of neighbours. Distances count from the nearest one, so that far locations have weights.
inline RowVector<double> smooth(const SpatialReference& reference, const NeighborQuery& near, double width) {
  RowVector<double> sum = RowVector<double>::Zero(reference.values.cols());
  double weights = 0;
  const double nearest = near.distance.empty() ? 0.0 : near.distance.front();
  for (std::size_t k = 0; k < near.row.size(); ++k) {
    const double w = std::exp(-0.5 * (near.distance[k] * near.distance[k] - nearest * nearest) / (width * width));
    sum += w * reference.values.row(near.row[k]).cast<double>();
    weights += w;
  }
  return sum / std::max(1e-300, weights);
}

/// The width of a grid whose smoothing predicts the reference's values with the least squared error.
inline double fit_smoothing_width(const SpatialReference& reference, const SpatialMask& mask, double slice_gap,
                                  Rng& rng) {
  std::vector<Index> tried;
  std::vector<NeighborQuery> near;
  for (Index i = 0; i < std::min<Index>(200, reference.size()); ++i) {
    tried.push_back(Index(rng.below(std::uint64_t(reference.size()))));
    Location at = reference[tried.back()];
    at.row = tried.back();
    near.emplace_back(reference, at, mask, slice_gap, smoothed_cells);
  }
  double best = std::numeric_limits<double>::infinity(), width = 1;
  for (const double w : {0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0}) {
    double error = 0;
    for (std::size_t i = 0; i < tried.size(); ++i)
      error += (reference.values.row(tried[i]).cast<double>() - smooth(reference, near[i], w)).squaredNorm();
    if (error < best) best = error, width = w;
  }
  return width;
}

}  // namespace latentcell::spatial
