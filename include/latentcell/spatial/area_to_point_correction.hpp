#pragma once

#include <vector>

#include <latentcell/kernel/parallel.hpp>
#include <latentcell/spatial/neighbor_query.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// A slice gap that keeps neighbours within one slice.
inline constexpr double separate_slices = 1e9;

/// Returns the row of the nearest spot of its own slice for each location.
/// shapes: locations (N) -> (N)
/// Throws std::invalid_argument for a slice that has locations but no spot.
inline std::vector<Index> nearest_spots(const Locations& spots, const Locations& locations) {
  locations.check("nearest_spots");
  LATENTCELL_REQUIRE(spots.size() > 0, "nearest_spots: there are no spots for ", locations.size(), " locations");
  std::vector<Index> out(to_size(locations.size()));
  kernel::parallel_items(locations.size(), [&](Index i) {
    out[to_size(i)] = NeighborQuery(spots, locations[i], {}, separate_slices, 1).row.front();
  });
  for (std::size_t i = 0; i < out.size(); ++i)
    LATENTCELL_REQUIRE(spots.slice[to_size(out[i])] == locations.slice[i], "nearest_spots: slice ", locations.slice[i],
                       " has locations but no spot");
  return out;
}

/// Returns the number of locations of each spot.
/// spot: as nearest_spots returns it
/// shapes: spot (N) -> (spots)
inline std::vector<Index> cells_per_spot(const std::vector<Index>& spot, Index spots) {
  std::vector<Index> out(to_size(spots), 0);
  for (const Index s : spot) ++out[to_size(s)];
  return out;
}

/// Returns what to add to predicted values so that their mean over a spot's locations is the spot's value: the
/// coherence of area-to-point interpolation (Kyriakidis 2004).
/// values: of the spots; spot: of each location
/// shapes: values (S, F), spot (N), predicted (N, F) -> (N, F)
inline Matrix<float> area_to_point_correction(const Matrix<float>& values, const std::vector<Index>& spot,
                                              const Matrix<float>& predicted) {
  LATENTCELL_REQUIRE(Index(spot.size()) == predicted.rows() && predicted.cols() == values.cols(),
                     "area_to_point_correction: ", spot.size(), " locations, predicted (", predicted.rows(), ", ",
                     predicted.cols(), "), spots (", values.rows(), ", ", values.cols(), ")");
  const std::vector<Index> cells = cells_per_spot(spot, values.rows());
  Matrix<float> gap = Matrix<float>::Zero(values.rows(), values.cols()), out(predicted.rows(), predicted.cols());
  for (Index i = 0; i < predicted.rows(); ++i) {
    const Index s = spot[to_size(i)];
    gap.row(s) += (values.row(s) - predicted.row(i)) / float(cells[to_size(s)]);
  }
  for (Index i = 0; i < predicted.rows(); ++i) out.row(i) = gap.row(spot[to_size(i)]);
  return out;
}

}  // namespace latentcell::spatial
