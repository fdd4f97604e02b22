#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// A column for groups of rows: the most frequent level (of several the first), the mean of the numbers that are there,
/// or nothing of texts.
inline bool merge_column(const Column& column, const std::vector<std::vector<Index>>& members, Column& to) {
  const std::optional<std::vector<double>> numbers = to_numbers(column);
  const bool texts =
      std::holds_alternative<std::vector<std::string>>(column) || std::holds_alternative<NullableTexts>(column);
  if (texts || std::holds_alternative<Matrix<float>>(column)) return false;
  if (const auto labels = numbers ? std::nullopt : to_labels(column)) {
    Categorical out = *labels;
    out.codes.clear();
    for (const std::vector<Index>& rows : members) {
      std::vector<Index> votes(labels->levels.size() + 1, 0);  // those whose label is missing come last
      for (const Index r : rows) {
        const int code = labels->codes[to_size(r)];
        ++votes[code < 0 ? labels->levels.size() : to_size(code)];
      }
      const auto most = std::max_element(votes.begin(), votes.end() - 1);
      out.codes.push_back(most == votes.end() - 1 || *most == 0 ? Categorical::missing : int(most - votes.begin()));
    }
    to = std::move(out);
    return true;
  }
  std::vector<double> out;
  for (const std::vector<Index>& rows : members) {
    double sum = 0, present = 0;
    for (const Index r : rows) {
      if (!std::isnan((*numbers)[to_size(r)])) sum += (*numbers)[to_size(r)], ++present;
    }
    out.push_back(sum / present);  // NaN where none is there
  }
  to = std::move(out);
  return true;
}

}  // namespace detail

/// Groups of cells put together, a row each: means of the counts and of the embeddings, the most frequent label, the
/// mean of numbers in obs; obs of texts is left out.
/// group: 0 to groups - 1, or -1 for a cell that is left out; no group may be empty
/// group (N) -> (groups, G)
inline CellTable pseudobulk(const CellTable& cells, std::span<const int> group, Index groups) {
  LATENTCELL_REQUIRE(Index(group.size()) == cells.cells(), "pseudobulk: ", group.size(), " groups for ", cells.cells(),
                     " cells");
  std::vector<std::vector<Index>> members(to_size(groups));
  for (std::size_t i = 0; i < group.size(); ++i) {
    LATENTCELL_REQUIRE(group[i] >= -1 && Index(group[i]) < groups, "pseudobulk: group ", group[i], " of ", groups);
    if (group[i] >= 0) members[to_size(group[i])].push_back(Index(i));
  }
  CellTable out;
  out.gene_names = cells.gene_names;
  out.gene_columns = cells.gene_columns;
  out.strings = cells.strings;
  out.counts = Counts(cells.genes());
  out.cell_columns = Annotation(groups);
  std::vector<double> sum(to_size(cells.genes()));
  for (Index k = 0; k < groups; ++k) {
    const std::vector<Index>& rows = members[to_size(k)];
    LATENTCELL_REQUIRE(!rows.empty(), "pseudobulk: group ", k, " has no cell");
    std::fill(sum.begin(), sum.end(), 0.0);
    for (const Index r : rows) {
      const CountsView c = cells.counts.view();
      for (std::size_t i = 0; i < c.row_columns(r).size(); ++i)
        sum[to_size(c.row_columns(r)[i])] += double(c.row_values(r)[i]);
    }
    for (std::size_t g = 0; g < sum.size(); ++g) {
      if (sum[g] > 0) out.counts.push(std::int32_t(g), float(sum[g] / double(rows.size())));
    }
    out.counts.end_row();
    out.cell_names.push_back(text("group_", k + 1));
  }
  for (const auto& [name, column] : cells.cell_columns.columns()) {
    Column merged;
    if (detail::merge_column(column, members, merged)) out.cell_columns.set(name, std::move(merged));
  }
  for (const auto& [name, matrix] : cells.embeddings) {
    Matrix<float> means = Matrix<float>::Zero(groups, matrix.cols());
    for (Index k = 0; k < groups; ++k) {
      for (const Index r : members[to_size(k)]) means.row(k) += matrix.row(r) / float(members[to_size(k)].size());
    }
    out.embeddings.emplace(name, std::move(means));
  }
  return out;
}

}  // namespace latentcell
