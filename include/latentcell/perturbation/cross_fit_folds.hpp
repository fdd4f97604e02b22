#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <latentcell/data/normalize.hpp>
#include <latentcell/metric/moments.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/perturbation/model.hpp>

// Which groups' answers are hidden in turn, to learn how predictions fail where none was seen.

namespace latentcell {

/// Parts of the groups, of about equal numbers, each group with `few` control and perturbed cells in one of them;
/// groups that are alike are in different parts where there is room, as hiding both would tell of a harder task than
/// the one ahead. Empty where there are fewer than three such groups, or folds is 0. train (N, G), folds >= 0: most
/// parts
inline std::vector<std::vector<std::string>> cross_fit_folds(const CellTable& train, const PerturbationOptions& o,
                                                             Index folds, Index few = 20) {
  LATENTCELL_REQUIRE(folds >= 0 && few >= 1, "cross_fit_folds: folds ", folds, " must be at least 0, few ", few,
                     " at least 1");
  if (folds == 0 || o.group.empty()) return {};
  const Categorical what = train.obs(o.condition), group = train.obs(o.group);
  const int none = what.code(o.control);
  std::vector<std::vector<Index>> control(group.levels.size()), perturbed(group.levels.size());
  for (Index i = 0; i < train.cells(); ++i) {
    const int g = group.codes[to_size(i)], w = what.codes[to_size(i)];
    if (g >= 0 && w >= 0) (w == none ? control : perturbed)[std::size_t(g)].push_back(i);
  }
  std::vector<std::size_t> known;
  for (std::size_t g = 0; g < group.levels.size(); ++g) {
    if (Index(control[g].size()) >= few && Index(perturbed[g].size()) >= few) known.push_back(g);
  }
  if (known.size() < 3) return {};
  std::stable_sort(known.begin(), known.end(),
                   [&](std::size_t a, std::size_t b) { return perturbed[a].size() > perturbed[b].size(); });
  const std::size_t parts = std::min(to_size(folds), known.size()), room = (known.size() + parts - 1) / parts;
  const Counts logs = log_normalize(train.counts);
  std::vector<std::vector<double>> profile(group.levels.size());
  for (const std::size_t g : known) profile[g] = metric::gene_moments(select_rows(logs, control[g])).mean;
  std::vector<std::vector<std::size_t>> members(parts);
  for (const std::size_t g : known) {
    std::size_t best = parts;
    double least = 2;
    for (std::size_t p = 0; p < parts; ++p) {
      if (members[p].size() == room) continue;
      double alike = -2;  // an empty part comes first
      for (const std::size_t other : members[p]) alike = std::max(alike, metric::pearson(profile[g], profile[other]));
      if (alike < least) {
        least = alike;
        best = p;
      }
    }
    members[best].push_back(g);
  }
  std::vector<std::vector<std::string>> out;
  for (const std::vector<std::size_t>& part : members) {
    out.emplace_back();
    for (const std::size_t g : part) out.back().push_back(group.levels[g]);
  }
  return out;
}

/// All cells but the perturbed ones of some groups: what a blind model is trained on.
inline CellTable without_treated(const CellTable& train, const PerturbationOptions& o,
                                 const std::vector<std::string>& groups) {
  const Categorical what = train.obs(o.condition), group = train.obs(o.group);
  const int none = what.code(o.control);
  std::vector<Index> rows;
  for (Index i = 0; i < train.cells(); ++i) {
    const int g = group.codes[to_size(i)];
    const bool hidden = g >= 0 && what.codes[to_size(i)] != none &&
                        std::count(groups.begin(), groups.end(), group.levels[std::size_t(g)]) > 0;
    if (!hidden) rows.push_back(i);
  }
  return train.select_cells(rows);
}

}  // namespace latentcell
