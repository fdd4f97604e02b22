#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/split.hpp>
#include <latentcell/evaluate/shared_genes.hpp>

namespace latentcell {

/// Number of each code; negative ones are not counted.      codes (N) -> (levels)
inline std::vector<Index> counts_by_code(std::span<const int> codes, std::size_t levels) {
  std::vector<Index> out(levels, 0);
  for (const int code : codes) {
    if (code >= 0) ++out.at(std::size_t(code));
  }
  return out;
}

/// The classes that cells can be judged in.
struct JudgedClasses {
  std::vector<std::string> levels;      ///< in the order of the judged cells' levels
  std::vector<std::string> missing;     ///< would be among them, had a cell of theirs been generated
  std::vector<std::vector<int>> codes;  ///< of each table's cells among `levels`, -1 for all others
};

/// Picks the classes with `min_cells` training and judged cells together, at least one of them to train on and two to
/// judge on, and a generated cell. Of more than 2 * most_cells judged cells a random part with their label mix keeps
/// its codes. What is left out is added to `notes`.
/// labels: those of the training, the judged, the generated and further tables
inline JudgedClasses judged_classes(std::span<const Categorical> labels, Index min_cells, Index most_cells, Rng& rng,
                                    std::vector<std::string>& notes) {
  const std::vector<std::string>& known = labels[1].levels;
  JudgedClasses out;
  for (const Categorical& l : labels) out.codes.push_back(recode(l, known));
  std::vector<std::vector<Index>> size;
  for (const std::vector<int>& c : out.codes) size.push_back(counts_by_code(c, known.size()));

  std::vector<int>& judged = out.codes[1];
  std::vector<Index> rows;
  std::vector<int> some;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    if (judged[i] < 0) continue;
    rows.push_back(Index(i));
    some.push_back(judged[i]);
  }
  if (rows.size() < judged.size())
    notes.push_back(text(judged.size() - rows.size(), " judged cells have no label: not judged"));
  if (Index(rows.size()) > 2 * most_cells) {
    const double share = double(2 * most_cells) / double(rows.size());
    for (const Index i : stratified_split({known, some}, share, rng).train) judged[to_size(rows[to_size(i)])] = -1;
    notes.push_back(text("a random ", 2 * most_cells, " of ", rows.size(), " judged cells are looked at"));
  }
  const std::vector<Index> looked_at = counts_by_code(judged, known.size());

  std::string rare, untrained, few;
  const auto add = [](std::string& to, const std::string& level, Index cells) {
    to += text(to.empty() ? "" : ", ", level, " (", cells, ")");
  };
  for (std::size_t l = 0; l < known.size(); ++l) {
    if (size[1][l] == 0) continue;
    const Index real = size[0][l] + size[1][l];
    if (real < min_cells) {
      add(rare, known[l], real);
    } else if (size[0][l] == 0) {
      add(untrained, known[l], size[1][l]);
    } else if (looked_at[l] < 2) {
      add(few, known[l], looked_at[l]);
    } else if (size[2][l] == 0) {
      out.missing.push_back(known[l]);
      notes.push_back(text("missing class: no generated cell is ", known[l], " but ", size[1][l],
                           " judged cells are; the numbers speak of the other classes"));
    } else {
      out.levels.push_back(known[l]);
    }
  }
  if (!rare.empty()) notes.push_back(text("classes of fewer than ", min_cells, " real cells: not judged: ", rare));
  if (!untrained.empty()) notes.push_back("classes without training cells: not judged: " + untrained);
  if (!few.empty()) notes.push_back("classes of fewer than two judged cells: not judged: " + few);
  for (std::vector<int>& c : out.codes) c = recode({known, c}, out.levels);
  const auto others = std::count_if(out.codes[2].begin(), out.codes[2].end(), [](int c) { return c < 0; });
  if (others > 0) notes.push_back(text(others, " generated cells are of no judged class: not judged"));
  return out;
}

}  // namespace latentcell
