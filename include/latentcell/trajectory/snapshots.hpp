#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/read_times.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Cells of several times: a table of counts, or points of a given embedding.
struct Snapshots {
  std::optional<CellTable> counts;  ///< (N, G), or none
  LatentTable points;               ///< (N, D) coordinates of the embedding; empty with counts
  std::vector<std::string> axes;    ///< (D) names of the coordinates; empty with counts

  Index cells() const { return counts ? counts->cells() : points.cells(); }
  const Annotation& obs() const { return counts ? counts->cell_columns : points.cell_columns; }
  /// Times of the cells, NaN where missing.   -> (N)
  std::vector<double> times(const std::string& column) const { return read_times(obs(), column); }

  /// The cells named by `rows`, in that order.
  Snapshots select_cells(std::span<const Index> rows) const {
    Snapshots out;
    out.axes = axes;
    if (counts) {
      out.counts = counts->select_cells(rows);
    } else {
      out.points = points.select_cells(rows);
    }
    return out;
  }
};

}  // namespace latentcell::trajectory
