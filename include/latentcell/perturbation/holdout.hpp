#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/perturbation/model.hpp>

// Which cells are held out for an honest evaluation: all perturbed cells of some groups.

namespace LATENTCELL_NAMESPACE::perturbation {

/// Rows to train on, and the held-out perturbed cells of each group and condition.
struct PerturbationHoldout {
  std::vector<Index> train;                                                ///< ascending
  std::map<std::pair<std::string, std::string>, std::vector<Index>> test;  ///< of (group, condition), ascending
  std::set<std::string> without_control;  ///< groups whose perturbed cells are in neither: they have no control cell
  Index unlabelled = 0;                   ///< cells in neither, because group or condition is missing
};

/// Holds out the perturbed cells of some groups. Throws std::invalid_argument for a group that is not there.
///
/// obs: with the condition and group columns; groups: levels of the group column, "all" without one
inline PerturbationHoldout hold_out_perturbed(const Annotation& obs, const Options& o,
                                              const std::vector<std::string>& groups) {
  const Categorical group = group_labels(obs, o), condition = obs.labels(o.condition);
  const int control = condition.code_of(o.control);
  std::vector<char> held_out(group.levels.size()), has_control(group.levels.size());
  for (const std::string& name : groups) held_out[std::size_t(group.code_of(name))] = 1;
  for (std::size_t i = 0; i < group.codes.size(); ++i) {
    if (group.codes[i] >= 0 && condition.codes[i] == control) has_control[std::size_t(group.codes[i])] = 1;
  }
  PerturbationHoldout out;
  for (std::size_t i = 0; i < group.codes.size(); ++i) {
    if (group.codes[i] < 0 || condition.codes[i] < 0) {
      ++out.unlabelled;
      continue;
    }
    const std::size_t g = std::size_t(group.codes[i]);
    if (condition.codes[i] == control) {
      out.train.push_back(Index(i));
    } else if (held_out[g]) {
      out.test[{group.levels[g], condition.levels[std::size_t(condition.codes[i])]}].push_back(Index(i));
    } else if (!has_control[g]) {
      out.without_control.insert(group.levels[g]);
    } else {
      out.train.push_back(Index(i));
    }
  }
  return out;
}

/// Returns the cells of one condition, such as the control, of some groups. Throws std::invalid_argument for a group
/// without such cells.
///
/// groups: levels of the group column, "all" without one; empty: all
inline CellTable select_condition(const CellTable& cells, const Options& o, const std::string& condition,
                                  const std::vector<std::string>& groups) {
  const Categorical of = cells.obs(o.condition), group = group_labels(cells.cell_columns, o);
  std::vector<Index> rows;
  std::vector<Index> found(group.levels.size());
  for (Index i = 0; i < cells.cells(); ++i) {
    const int g = group.codes[to_size(i)], c = of.codes[to_size(i)];
    if (g < 0 || c < 0 || of.levels[std::size_t(c)] != condition) continue;
    ++found[std::size_t(g)];
    if (groups.empty() || std::count(groups.begin(), groups.end(), group.levels[std::size_t(g)]) > 0) rows.push_back(i);
  }
  for (const std::string& name : groups) {
    LATENTCELL_REQUIRE(found[std::size_t(group.code_of(name))] > 0, "select_condition: group '", name,
                       "' has 0 cells that are '", condition, "', at least 1 is needed");
  }
  LATENTCELL_REQUIRE(!rows.empty(), "select_condition: 0 cells are '", condition, "', at least 1 is needed");
  return cells.select_cells(rows);
}

}  // namespace latentcell::perturbation
