#pragma once

#include <string>
#include <utility>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/holdout.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

/// Cells to train a reference on, and cells that are mapped onto it, with labels to evaluate with.
struct HeldOutQuery {
  CellTable reference, query;
};

/// Holds one level of an obs column out as the query: what a new data set of the same tissue would be.
/// cells: with the obs column `column`, such as the batch covariate
/// Throws std::invalid_argument for a level that is not there and for the only one.
inline HeldOutQuery hold_out_query(const CellTable& cells, const std::string& column, const std::string& level) {
  const Holdout rows = hold_out_levels(cells.obs(column), {level});
  LATENTCELL_REQUIRE(!rows.train.empty() && !rows.test.empty(), "hold_out_query: ", rows.test.size(),
                     " cells have level '", level, "' of '", column, "' and ", rows.train.size(), " another one");
  return {cells.select_cells(rows.train), cells.select_cells(rows.test)};
}

}  // namespace latentcell::mapping
