#pragma once

#include <vector>

#include <latentcell/core/median.hpp>
#include <latentcell/kernel/neighbors.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Returns how far points lie apart: the median over the points of the mean distance to their k nearest others.
/// points (N, D);  1 <= k < N
inline double neighbor_distance(ConstView<float> points, Index k) {
  const Neighbors near = nearest_neighbors(points, k);
  std::vector<double> mean;
  for (Index i = 0; i < near.distance.rows(); ++i) mean.push_back(near.distance.row(i).mean());
  return median(std::move(mean));
}

}  // namespace latentcell::kernel
