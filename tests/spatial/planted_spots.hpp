#pragma once

#include <cmath>
#include <vector>

#include <latentcell/spatial/deconvolve_spots.hpp>

// Spots whose cells have negative-binomial counts of known shapes.

namespace planted {

using namespace latentcell;

struct Spots {
  spatial::Locations locations;
  spatial::SpotCounts of;
  Matrix<float> single;     // (N, F) counts of the cells
  std::vector<Index> spot;  // (N)
};

/// 1 to `most` cells in each of some spots on a grid, 20 counts of each gene in a cell.
/// shape (F) of each gene; changes: standard deviation, over the spots, of the first gene's log mean
inline Spots spots(Index count, Index most, const std::vector<double>& shape, double changes, Rng& rng) {
  const Index f = Index(shape.size());
  Spots out{
      {Matrix<float>(count, 2), std::vector<int>(to_size(count), 0)}, {Matrix<float>::Zero(count, f), {}}, {}, {}};
  std::vector<float> single;
  for (Index s = 0; s < count; ++s) {
    out.locations.coordinates.row(s) << float(s % 20), float(s / 20);
    const double here = std::exp(changes * rng.normal());
    out.of.cells.push_back(1 + Index(rng.below(std::uint64_t(most))));
    for (Index j = 0; j < out.of.cells.back(); ++j) {
      out.spot.push_back(s);
      for (Index g = 0; g < f; ++g) {
        single.push_back(float(draw_negative_binomial(20 * (g == 0 ? here : 1), shape[to_size(g)], rng)));
        out.of.counts(s, g) += single.back();
      }
    }
  }
  out.single = Eigen::Map<const Matrix<float>>(single.data(), Index(single.size()) / f, f);
  return out;
}

}  // namespace planted
