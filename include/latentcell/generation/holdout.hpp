#pragma once

#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/split.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Cells to train on and cells kept out of training, to evaluate generated ones with.
struct HeldOutCells {
  CellTable train, test;
  std::vector<std::string> single;  ///< labels of one cell: it is in `train`, so these labels are not evaluated
};

/// Holds a share of the cells of each label out, at random (stratified_split).
/// cells: with the obs column `label`;  0 < share < 1
inline HeldOutCells hold_out(const CellTable& cells, const std::string& label, double share, Rng& rng) {
  Split split = stratified_split(cells.obs(label), share, rng);
  return {cells.select_cells(split.train), cells.select_cells(split.test), std::move(split.single)};
}

}  // namespace latentcell::generation
