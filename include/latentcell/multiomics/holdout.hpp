#pragma once

#include <vector>

#include <latentcell/data/assign_folds.hpp>
#include <latentcell/data/holdout.hpp>
#include <latentcell/multiomics/dataset.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// Deals the cells with proteins out to folds, at random, and returns per fold which of them are trained on and which
/// are held out. Cells without proteins are in none.
/// folds: at least 2, with 3 cells each. Throws std::invalid_argument for fewer cells.
inline std::vector<Holdout> hold_out_folds(const Dataset& data, Index folds, std::uint64_t seed) {
  constexpr std::uint64_t seed_offset = 1000;  // an ensemble deals by its fold_seed, often the same number
  const std::vector<Index> with = data.rows(1);
  LATENTCELL_REQUIRE(folds >= 2, "hold_out_folds: ", folds, " fold alone cannot be held out; needs at least 2");
  LATENTCELL_REQUIRE(Index(with.size()) >= 3 * folds, "hold_out_folds: ", with.size(), " cells are too few for ", folds,
                     " folds");
  const std::vector<Index> fold = assign_folds(Index(with.size()), folds, seed + seed_offset);
  std::vector<Holdout> out;
  for (Index k = 0; k < folds; ++k) {
    out.push_back(hold_out_fold(fold, k));
    for (std::vector<Index>* rows : {&out.back().train, &out.back().test}) {
      for (Index& r : *rows) r = with[to_size(r)];
    }
  }
  return out;
}

}  // namespace latentcell::multiomics
