#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/spatial/locations.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Reference cells: their locations, and the values that neighbours are averaged over.
struct SpatialReference : Locations {
  Matrix<float> values;  ///< (N, K)
};

/// Neighbours hidden around a location during training, so that training and prediction see the same distance to the
/// nearest reference cell.
struct SpatialMask {
  double mask_radius = 0;   ///< reference cells nearer than this are hidden; in units of the coordinates, at least 0
  bool hide_slice = false;  ///< hides all reference cells of the location's own slice

  static void visit(auto& self, auto&& f) {
    f("mask_radius", self.mask_radius, at_least(0));
    f("hide_slice", self.hide_slice);
  }
};

/// The nearest reference cells of one location, nearest first.
struct NeighborQuery {
  std::vector<Index> row;        ///< of the reference
  std::vector<double> distance;  ///< Euclidean, slices `slice_gap` apart

  /// Finds up to `count` neighbours of a location that the mask leaves. Equally near ones come in the reference's
  /// order.
  NeighborQuery(const Locations& reference, const Location& at, const SpatialMask& mask, double slice_gap,
                Index count) {
    std::vector<std::pair<double, Index>> all;
    all.reserve(to_size(reference.size()));
    for (Index i = 0; i < reference.size(); ++i) {
      const int apart = std::abs(reference.slice[to_size(i)] - at.slice);
      if (i == at.row || (mask.hide_slice && apart == 0)) continue;
      const double x = double(reference.coordinates(i, 0) - at.x), y = double(reference.coordinates(i, 1) - at.y),
                   z = slice_gap * apart;
      const double squared = x * x + y * y + z * z;
      if (squared < mask.mask_radius * mask.mask_radius) continue;
      all.emplace_back(squared, i);
    }
    const std::size_t n = std::min(all.size(), to_size(count));
    std::partial_sort(all.begin(), all.begin() + std::ptrdiff_t(n), all.end());
    for (std::size_t k = 0; k < n; ++k) {
      row.push_back(all[k].second);
      distance.push_back(std::sqrt(all[k].first));
    }
  }

  Index size() const { return Index(row.size()); }
};

}  // namespace latentcell::spatial
