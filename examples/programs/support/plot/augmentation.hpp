#pragma once

#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>

#include "bars.hpp"

// The picture of augment_cells.

namespace plots {

/// Real cells and the generated ones of the rare labels.
struct AugmentedCells {
  const lc::CellTable &real, &generated;
  std::string label;                       ///< obs column
  const std::vector<std::string>& levels;  ///< all that the column has
};

/// F1 of each level on held-out cells, by training set, the augmented one last.
struct AugmentationF1 {
  std::vector<Index> cells;       ///< (L) held out
  std::vector<RowScores> scores;  ///< (L) each
};

/// Real and generated cells of the rare labels among all cells, in two PCs of the real ones.
void augmented_panel(Gnuplot& g, const AugmentedCells& of, const std::vector<char>& rare);

/// Cells of the rare labels, and where cells were held out the F1 of a classifier with and without the generated ones.
/// Writes folder/augmentation.png and .pdf; what fails is a note.
void augmentation(const std::string& folder, const AugmentedCells& of, const AugmentationF1& f1);

}  // namespace plots
