#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/split.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Number of each code; negative ones are not counted.
/// codes (N) -> (levels)
inline std::vector<Index> counts_by_code(std::span<const int> codes, std::size_t levels) {
  std::vector<Index> out(levels, 0);
  for (const int code : codes) {
    if (code >= 0) ++out.at(std::size_t(code));
  }
  return out;
}

/// The classes that cells are evaluated in.
struct EvaluatedClasses {
  std::vector<std::string> levels;      ///< in the order of the held-out cells' levels
  std::vector<std::string> missing;     ///< would be among them, had a cell of theirs been generated; empty without
                                        ///< generated cells
  std::vector<std::vector<int>> codes;  ///< of each table's cells among `levels`, -1 for all others
};

/// Settings of evaluated_classes.
struct ClassLimits {
  Index min_cells = 20;     ///< training and held-out cells of a class together. Larger: rare classes are left out
  Index most_cells = 3000;  ///< at most twice as many held-out cells are used
};

namespace detail {

/// Takes the code from all but `most` labelled cells, chosen at random within levels.
inline void limit_cells(std::vector<int>& codes, const std::vector<std::string>& levels, Index most, Rng& rng,
                        std::vector<std::string>& notes) {
  std::vector<Index> rows;
  std::vector<int> labelled;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < 0) continue;
    rows.push_back(Index(i));
    labelled.push_back(codes[i]);
  }
  if (rows.size() < codes.size())
    notes.push_back(text(codes.size() - rows.size(), " held-out cells have no label: not evaluated"));
  if (Index(rows.size()) <= most) return;
  const double share = double(most) / double(rows.size());
  for (const Index i : stratified_split({levels, labelled}, share, rng).train) codes[to_size(rows[to_size(i)])] = -1;
  notes.push_back(text("a random ", most, " of ", rows.size(), " held-out cells are used"));
}

/// Lists of classes that are left out, each with a number of cells.
struct LeftOut {
  std::string rare, untrained, few;

  static void add(std::string& to, const std::string& level, Index cells) {
    to += text(to.empty() ? "" : ", ", level, " (", cells, ")");
  }
  void note(Index min_cells, std::vector<std::string>& notes) const {
    if (!rare.empty()) notes.push_back(text("classes of fewer than ", min_cells, " real cells: not evaluated: ", rare));
    if (!untrained.empty()) notes.push_back("classes without training cells: not evaluated: " + untrained);
    if (!few.empty()) notes.push_back("classes of fewer than two held-out cells: not evaluated: " + few);
  }
};

}  // namespace detail

/// Picks the classes with `min_cells` training and held-out cells together, at least one of them to train on and two to
/// evaluate on, and, where there is a generated table, a generated cell. Of too many held-out cells a random part with
/// their label mix keeps its codes. Adds to `notes` what is left out.
/// labels: those of the training and the held-out table, and of a generated and further ones where there are
inline EvaluatedClasses evaluated_classes(std::span<const Categorical> labels, const ClassLimits& limits, Rng& rng,
                                          std::vector<std::string>& notes) {
  const std::vector<std::string>& levels = labels[1].levels;
  const bool has_generated = labels.size() > 2;
  EvaluatedClasses out;
  for (const Categorical& l : labels) out.codes.push_back(recode(l, levels));
  std::vector<std::vector<Index>> size;
  for (const std::vector<int>& c : out.codes) size.push_back(counts_by_code(c, levels.size()));
  detail::limit_cells(out.codes[1], levels, 2 * limits.most_cells, rng, notes);
  const std::vector<Index> used = counts_by_code(out.codes[1], levels.size());
  detail::LeftOut left_out;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    if (size[1][l] == 0) continue;
    const Index real = size[0][l] + size[1][l];
    if (real < limits.min_cells) {
      detail::LeftOut::add(left_out.rare, levels[l], real);
    } else if (size[0][l] == 0) {
      detail::LeftOut::add(left_out.untrained, levels[l], size[1][l]);
    } else if (used[l] < 2) {
      detail::LeftOut::add(left_out.few, levels[l], used[l]);
    } else if (has_generated && size[2][l] == 0) {
      out.missing.push_back(levels[l]);
      notes.push_back(text("missing class: no generated cell is ", levels[l], " but ", size[1][l],
                           " held-out cells are; the scores are of the other classes"));
    } else {
      out.levels.push_back(levels[l]);
    }
  }
  left_out.note(limits.min_cells, notes);
  for (std::vector<int>& c : out.codes) c = recode({levels, c}, out.levels);
  if (!has_generated) return out;
  const auto others = std::count_if(out.codes[2].begin(), out.codes[2].end(), [](int c) { return c < 0; });
  if (others > 0) notes.push_back(text(others, " generated cells are of no evaluated class: left out"));
  return out;
}

}  // namespace latentcell::evaluate
