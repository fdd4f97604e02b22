#pragma once

#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include <latentcell/data/pseudobulk.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/spatial/tissue.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Returns the mean distance of a location to its nearest neighbour within its slice.
/// Throws std::invalid_argument if all locations of each slice coincide.
inline double mean_neighbor_distance(const Locations& locations, int slices) {
  double sum = 0;
  Index used = 0;
  for (int k = 0; k < slices; ++k) {
    const std::vector<Index> rows = rows_of_slice(locations, k);
    if (rows.size() < 2) continue;
    const Matrix<float> at = metric::pick_rows(view(locations.coordinates), rows);
    const kernel::Neighbors near = kernel::nearest_neighbors(view(at), 1);
    for (Index i = 0; i < at.rows(); ++i) sum += near.distance(i, 0), ++used;
  }
  sum /= double(std::max<Index>(1, used));
  LATENTCELL_REQUIRE(sum > 0, "mean_neighbor_distance: all ", locations.size(), " locations coincide");
  return sum;
}

/// A tissue as wide spots show it.
struct CoarseTissue {
  Tissue spots;
  std::vector<Index> spot;  ///< (N) the spot of each cell
};

/// Averages the cells of each square of a grid into one spot, at their mean location.
/// side: of the squares, in units of the coordinates, above 0
inline CoarseTissue coarsen(const Tissue& tissue, double side) {
  LATENTCELL_REQUIRE(side > 0, "coarsen: side must be above 0, got ", side);
  const Matrix<float>& at = tissue.locations.coordinates;
  const RowVector<float> low = at.colwise().minCoeff();
  std::map<std::array<long, 3>, int> squares;
  std::vector<int> group;
  for (Index i = 0; i < at.rows(); ++i) {
    const auto step = [&](Index j) { return std::lround(std::floor(double(at(i, j) - low(j)) / side)); };
    group.push_back(
        squares.try_emplace({tissue.locations.slice[to_size(i)], step(0), step(1)}, int(squares.size())).first->second);
  }
  CellTable cells = tissue.cells;
  cells.embeddings.clear();
  cells.embeddings["coordinates"] = at;
  CoarseTissue out{
      {pseudobulk(cells, group, Index(squares.size())), {{}, std::vector<int>(squares.size())}, tissue.slices},
      {group.begin(), group.end()}};
  for (const auto& [square, k] : squares) out.spots.locations.slice[std::size_t(k)] = int(square[0]);
  out.spots.locations.coordinates = std::move(out.spots.cells.embeddings["coordinates"]);
  out.spots.cells.embeddings.clear();
  return out;
}

}  // namespace latentcell::spatial
