#pragma once

#include <string>
#include <utility>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/holdout.hpp>

namespace latentcell::mapping {

/// Cells to train a reference on, and cells that are mapped onto it, with labels to evaluate with.
struct HeldOutBatch {
  CellTable reference, query;
};

/// Holds one batch out as the query: what a new data set of the same tissue would be.
/// cells: with the obs column `batch`
/// Throws std::invalid_argument for a level that is not there and for the only one.
inline HeldOutBatch hold_out_batch(const CellTable& cells, const std::string& batch, const std::string& level) {
  const Holdout rows = hold_out_levels(cells.obs(batch), {level});
  LATENTCELL_REQUIRE(!rows.train.empty() && !rows.test.empty(), "hold_out_batch: ", rows.test.size(),
                     " cells have level '", level, "' of '", batch, "' and ", rows.train.size(), " another one");
  return {cells.select_cells(rows.train), cells.select_cells(rows.test)};
}

}  // namespace latentcell::mapping
