#pragma once

#include <vector>

#include <latentcell/conformal/ensemble.hpp>
#include <latentcell/data/assign_folds.hpp>

namespace latentcell::conformal {

/// Returns the fold of each cell: the index of the member that is trained without the cell.
/// -> (N)
inline std::vector<Index> member_folds(const ConditionalEnsemble& model, Index cells) {
  return assign_folds(cells, Index(model.members.size()), model.options.fold_seed);
}

}  // namespace latentcell::conformal
