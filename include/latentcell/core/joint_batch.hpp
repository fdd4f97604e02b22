#pragma once

#include <vector>

#include <latentcell/core/cell_batch.hpp>

namespace LATENTCELL_NAMESPACE {

/// A minibatch of cells in several modalities, still sparse. A window on its source, valid until the next batch.
struct JointBatch {
  std::vector<CellBatch> parts;             // one for each modality, of the same cells
  std::vector<std::vector<char>> measured;  // (M, B) whether a cell has the modality

  Index size() const { return parts.empty() ? 0 : parts.front().size(); }
};

}  // namespace latentcell
