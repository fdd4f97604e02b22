#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/metric/moments.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/perturbation/model.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

namespace detail {

/// Rows of the control and the perturbed cells of each group. Cells without group or condition are in neither.
struct GroupRows {
  std::vector<std::vector<Index>> control, perturbed;  // of each group

  GroupRows(const CellTable& cells, const Options& o, const Categorical& group)
      : control(group.levels.size()), perturbed(group.levels.size()) {
    const Categorical condition = cells.obs(o.condition);
    const int control_code = condition.code_of(o.control);
    for (Index i = 0; i < cells.cells(); ++i) {
      const int g = group.codes[to_size(i)], c = condition.codes[to_size(i)];
      if (g >= 0 && c >= 0) (c == control_code ? control : perturbed)[std::size_t(g)].push_back(i);
    }
  }
};

/// Distributes groups over folds of equal size: each goes to the fold whose most similar member is least similar.
///
/// profile (of each group): mean expression -> groups of each fold
inline std::vector<std::vector<std::size_t>> spread_over_folds(const std::vector<std::size_t>& groups,
                                                               const std::vector<std::vector<double>>& profile,
                                                               std::size_t folds) {
  const std::size_t capacity = (groups.size() + folds - 1) / folds;
  std::vector<std::vector<std::size_t>> members(folds);
  for (const std::size_t g : groups) {
    std::size_t best = folds;
    double smallest = 2;
    for (std::size_t f = 0; f < folds; ++f) {
      if (members[f].size() == capacity) continue;
      double similarity = -2;  // an empty fold comes first
      for (const std::size_t other : members[f])
        similarity = std::max(similarity, metric::pearson(profile[g], profile[other]));
      if (similarity < smallest) {
        smallest = similarity;
        best = f;
      }
    }
    members[best].push_back(g);
  }
  return members;
}

}  // namespace detail

/// Assigns the groups to folds of about equal numbers, for cross-fitting (Chernozhukov et al. 2018). A group takes part
/// with at least `min_cells` control and perturbed cells. Similar groups go to different folds where possible: holding
/// both out would make the task harder than at prediction, where one of them is in the training cells. Empty where
/// fewer than two groups take part, or folds is below 2.
///
/// folds: largest number of folds, at least 0 -> names of the groups of each fold
inline std::vector<std::vector<std::string>> cross_fit_folds(const CellTable& cells, const Options& o, Index folds,
                                                             Index min_cells = 20) {
  LATENTCELL_REQUIRE(folds >= 0 && min_cells >= 1, "cross_fit_folds: folds ", folds, " must be at least 0, min_cells ",
                     min_cells, " at least 1");
  if (folds < 2 || o.group.empty()) return {};
  const Categorical group = group_labels(cells.cell_columns, o);
  const detail::GroupRows rows(cells, o, group);
  std::vector<std::size_t> eligible;
  for (std::size_t g = 0; g < group.levels.size(); ++g) {
    if (Index(rows.control[g].size()) >= min_cells && Index(rows.perturbed[g].size()) >= min_cells)
      eligible.push_back(g);
  }
  if (eligible.size() < 2) return {};
  std::stable_sort(eligible.begin(), eligible.end(),
                   [&](std::size_t a, std::size_t b) { return rows.perturbed[a].size() > rows.perturbed[b].size(); });
  const Counts logs = log_normalize(cells.counts);
  std::vector<std::vector<double>> profile(group.levels.size());
  for (const std::size_t g : eligible) profile[g] = metric::gene_moments(select_rows(logs, rows.control[g])).mean;
  std::vector<std::vector<std::string>> out;
  for (const auto& members : detail::spread_over_folds(eligible, profile, std::min(to_size(folds), eligible.size()))) {
    out.emplace_back();
    for (const std::size_t g : members) out.back().push_back(group.levels[g]);
  }
  return out;
}

/// Assigns the perturbed cells to folds at random, each condition of each group in equal parts: what one group alone
/// allows. Empty where there are fewer than `min_cells` per fold, or fewer than 2 folds.
///
/// folds: at least 0 -> rows of each fold, ascending
inline std::vector<std::vector<Index>> cross_fit_cells(const CellTable& cells, const Options& o, Index folds, Rng& rng,
                                                       Index min_cells = 20) {
  LATENTCELL_REQUIRE(folds >= 0 && min_cells >= 1, "cross_fit_cells: folds ", folds, " must be at least 0, min_cells ",
                     min_cells, " at least 1");
  const Categorical condition = cells.obs(o.condition), group = group_labels(cells.cell_columns, o);
  const int control_code = condition.code_of(o.control);
  std::vector<Index> order;
  for (Index i = 0; i < cells.cells(); ++i) {
    const int c = condition.codes[to_size(i)];
    if (c >= 0 && c != control_code && group.codes[to_size(i)] >= 0) order.push_back(i);
  }
  if (folds < 2 || Index(order.size()) < folds * min_cells) return {};
  shuffle(std::span<Index>(order), rng);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    return std::pair(group.codes[to_size(a)], condition.codes[to_size(a)]) <
           std::pair(group.codes[to_size(b)], condition.codes[to_size(b)]);
  });
  std::vector<std::vector<Index>> out(to_size(folds));
  for (std::size_t k = 0; k < order.size(); ++k) out[k % out.size()].push_back(order[k]);
  for (std::vector<Index>& fold : out) std::sort(fold.begin(), fold.end());
  return out;
}

/// Returns all cells but some.     rows: ascending
inline CellTable without_cells(const CellTable& cells, const std::vector<Index>& rows) {
  std::vector<Index> kept;
  for (Index i = 0; i < cells.cells(); ++i) {
    if (!std::binary_search(rows.begin(), rows.end(), i)) kept.push_back(i);
  }
  return cells.select_cells(kept);
}

/// Returns all cells except the perturbed ones of some groups: the training cells of a cross-fit model.
inline CellTable without_treated(const CellTable& cells, const Options& o, const std::vector<std::string>& groups) {
  const Categorical condition = cells.obs(o.condition), group = group_labels(cells.cell_columns, o);
  const int control_code = condition.code_of(o.control);
  std::vector<Index> rows;
  for (Index i = 0; i < cells.cells(); ++i) {
    const int g = group.codes[to_size(i)];
    const bool held_out = g >= 0 && condition.codes[to_size(i)] != control_code &&
                          std::count(groups.begin(), groups.end(), group.levels[std::size_t(g)]) > 0;
    if (!held_out) rows.push_back(i);
  }
  return cells.select_cells(rows);
}

}  // namespace latentcell::perturbation
