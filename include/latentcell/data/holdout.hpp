#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/split.hpp>

namespace LATENTCELL_NAMESPACE {

/// Cells to train on and cells kept out of training, to evaluate on.
struct Holdout {
  std::vector<Index> train;  ///< rows, ascending
  std::vector<Index> test;   ///< rows, ascending; held out
};

/// Holds a share of the cells of every level out, at random (stratified_split).
/// labels (N);  0 < share < 1
inline Holdout hold_out_share(const Categorical& labels, double share, Rng& rng) {
  Split split = stratified_split(labels, share, rng);
  return {std::move(split.train), std::move(split.test)};
}

/// Holds out the cells that are marked.
/// held (N), non-zero where held out
inline Holdout hold_out_marked(std::span<const char> held) {
  Holdout out;
  for (std::size_t i = 0; i < held.size(); ++i) (held[i] ? out.test : out.train).push_back(Index(i));
  return out;
}

/// Holds out all cells of some levels.
/// labels (N)
/// Throws std::invalid_argument for a level that is not there.
inline Holdout hold_out_levels(const Categorical& labels, const std::vector<std::string>& levels) {
  std::vector<char> chosen(labels.levels.size(), 0);
  for (const std::string& level : levels) {
    const auto at = std::find(labels.levels.begin(), labels.levels.end(), level);
    LATENTCELL_REQUIRE(at != labels.levels.end(), "hold_out_levels: there is no level '", level, "'; there are ",
                       labels.list());
    chosen[std::size_t(at - labels.levels.begin())] = 1;
  }
  std::vector<char> held;
  for (const int code : labels.codes) held.push_back(code >= 0 && chosen.at(std::size_t(code)) != 0 ? 1 : 0);
  return hold_out_marked(held);
}

/// Holds out the cells of one fold.
/// folds (N), as assign_folds gives them
inline Holdout hold_out_fold(std::span<const Index> folds, Index fold) {
  std::vector<char> held;
  for (const Index f : folds) held.push_back(f == fold ? 1 : 0);
  return hold_out_marked(held);
}

}  // namespace latentcell
