#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>

namespace LATENTCELL_NAMESPACE {

/// Random stream of assign_folds.
inline constexpr std::uint64_t fold_stream = 71;

/// Returns the fold of each cell, at random: sizes of folds differ by one at most.
/// -> (cells), in [0, folds)
/// A function of its arguments alone, so that the cells that a fold's model was not trained on can be found again.
inline std::vector<Index> assign_folds(Index cells, Index folds, std::uint64_t seed) {
  LATENTCELL_REQUIRE(cells >= 0 && folds >= 1, "assign_folds: ", cells, " cells in ", folds, " folds");
  std::vector<Index> out;
  for (Index i = 0; i < cells; ++i) out.push_back(i % folds);
  Rng rng(seed, fold_stream);
  shuffle(std::span<Index>(out), rng);
  return out;
}

}  // namespace latentcell
