#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/data/annotation.hpp>

namespace LATENTCELL_NAMESPACE {

/// Two disjoint sets of cells that together hold all.
struct Split {
  std::vector<Index> train;         ///< rows, ascending
  std::vector<Index> test;          ///< rows, ascending; kept out
  std::vector<std::string> single;  ///< levels with one cell: it is in train, so nothing is left to evaluate on
};

namespace detail {

// Rows of each level, then the rows without a label.
inline std::vector<std::vector<Index>> rows_by_level(const char* caller, const Categorical& labels) {
  std::vector<std::vector<Index>> rows(labels.levels.size() + 1);
  for (std::size_t i = 0; i < labels.codes.size(); ++i) {
    const int code = labels.codes[i];
    LATENTCELL_REQUIRE(code >= Categorical::missing && code < int(labels.levels.size()), caller, ": row ", i,
                       " has code ", code, " but there are ", labels.levels.size(), " levels");
    rows[code < 0 ? labels.levels.size() : std::size_t(code)].push_back(Index(i));
  }
  return rows;
}

}  // namespace detail

/// Keeps a share of the cells of every level out, at random.   labels (B) -> rows of both parts
/// share in (0, 1). The test part has round(share * B) cells, less where small levels forbid: each level keeps at least
/// one cell in train, and a level of n cells gives its share of n to the test part, rounded up or down so that the
/// parts add up. Every level of two cells or more is thus in the larger part. Cells without a label are split like one
/// more level. The same labels, share and generator state give the same split.
inline Split stratified_split(const Categorical& labels, double share, Rng& rng) {
  LATENTCELL_REQUIRE(share > 0 && share < 1, "stratified_split: share must lie in (0, 1), got ", share);
  LATENTCELL_REQUIRE(labels.size() >= 2, "stratified_split: needs at least 2 cells, got ", labels.size());
  std::vector<std::vector<Index>> rows = detail::rows_by_level("stratified_split", labels);

  Split out;
  std::vector<Index> take(rows.size(), 0);
  std::vector<std::pair<double, std::size_t>> remainders;
  Index left = Index(share * double(labels.size()) + 0.5);
  for (std::size_t level = 0; level < rows.size(); ++level) {
    const Index n = Index(rows[level].size());
    if (n == 1 && level < labels.levels.size()) out.single.push_back(labels.levels[level]);
    if (n < 2) continue;
    // The nudge keeps 0.3 * 10 at 3 although the product is a little less.
    const double exact = share * double(n);
    take[level] = std::min<Index>(n - 1, Index(exact + 1e-9));
    left -= take[level];
    if (take[level] < n - 1) remainders.emplace_back(exact - double(take[level]), level);
  }
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [remainder, level] : remainders) {
    if (left <= 0 || remainder < 1e-9) break;
    ++take[level];
    --left;
  }

  for (std::size_t level = 0; level < rows.size(); ++level) {
    shuffle(std::span<Index>(rows[level]), rng);
    const auto cut = rows[level].begin() + take[level];
    out.test.insert(out.test.end(), rows[level].begin(), cut);
    out.train.insert(out.train.end(), cut, rows[level].end());
  }
  std::sort(out.train.begin(), out.train.end());
  std::sort(out.test.begin(), out.test.end());
  return out;
}

/// Deals the cells into k folds, level by level, at random.   labels (B) -> k sets of rows, each ascending
/// 2 <= k <= B. Sizes of folds differ by one at most, and so do the numbers of cells a level has in them.
inline std::vector<std::vector<Index>> stratified_folds(const Categorical& labels, Index k, Rng& rng) {
  LATENTCELL_REQUIRE(k >= 2 && k <= labels.size(), "stratified_folds: k must lie in [2, ", labels.size(),
                     "], the number of cells, got ", k);
  std::vector<std::vector<Index>> folds(to_size(k));
  std::size_t next = 0;
  for (std::vector<Index>& rows : detail::rows_by_level("stratified_folds", labels)) {
    shuffle(std::span<Index>(rows), rng);
    for (Index row : rows) {
      folds[next].push_back(row);
      next = (next + 1) % folds.size();
    }
  }
  for (std::vector<Index>& fold : folds) std::sort(fold.begin(), fold.end());
  return folds;
}

/// Labels that are all the same, for a split that looks at none.
inline Categorical no_labels(Index cells) { return {{"all"}, std::vector<int>(to_size(cells), 0)}; }

}  // namespace latentcell
