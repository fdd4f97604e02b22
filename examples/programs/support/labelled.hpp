#pragma once

#include <string>
#include <vector>

#include <latentcell/mapping/predict.hpp>

#include "write.hpp"

namespace program {

/// Sets the obs columns and the embedding of cells that were labelled; returns the name of the column of labels, which
/// is another where the cells have one of that name.
inline std::string set_labels(lc::CellTable& cells, const std::string& label, const std::vector<std::string>& levels,
                              const lc::mapping::MappedCells& mapped) {
  const std::string column = cells.cell_columns.has(label) ? "predicted_" + label : label;
  cells.cell_columns.set(column, lc::Categorical{levels, mapped.label});
  cells.cell_columns.set(column + "_confidence", mapped.confidence);
  cells.cell_columns.set(column + "_distance", mapped.distance);
  keep_embedding(cells, "X_latentcell");
  cells.embeddings["X_latentcell"] = mapped.latents.mean;
  return column;
}

}  // namespace program
