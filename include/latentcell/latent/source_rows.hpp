#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/latent_table.hpp>

namespace LATENTCELL_NAMESPACE {

/// Source rows per level of a column, or all of them where no column is given. Throws std::invalid_argument, in the
/// name of `caller`, without source cells, for a level without source cells and for a target cell without a level.
struct SourceRows {
  std::vector<std::vector<Index>> rows;  // of each level
  std::vector<int> level;                // (targets) level of each target cell, 0 without a column

  SourceRows(const LatentTable& from, const LatentTable& to, const std::string& column, const char* caller) {
    LATENTCELL_REQUIRE(from.cells() > 0, caller, ": there are no source cells");
    if (column.empty()) {
      rows.resize(1);
      for (Index i = 0; i < from.cells(); ++i) rows[0].push_back(i);
      level.assign(to_size(to.cells()), 0);
      return;
    }
    const Categorical levels = to.cell_columns.labels(column), of_source = from.cell_columns.labels(column);
    rows.resize(levels.levels.size());
    for (Index i = 0; i < from.cells(); ++i) {
      const int code = of_source.codes[to_size(i)];
      if (code < 0) continue;
      const auto at = std::find(levels.levels.begin(), levels.levels.end(), of_source.levels[std::size_t(code)]);
      if (at != levels.levels.end()) rows[std::size_t(at - levels.levels.begin())].push_back(i);
    }
    level = levels.codes;
    for (std::size_t l = 0; l < rows.size(); ++l) {
      LATENTCELL_REQUIRE(levels.count(int(l)) == 0 || !rows[l].empty(), caller, ": no source cell has '",
                         levels.levels[l], "' in column '", column, "', which target cells have");
    }
    for (std::size_t i = 0; i < level.size(); ++i)
      LATENTCELL_REQUIRE(level[i] >= 0, caller, ": target cell ", i, " has no label in column '", column, "'");
  }
};

/// One code for target cells of the same level and attributes, among which sources may be permuted. Because transport
/// across attributes would assign sources by attribute, a path could start where no cell of its attribute starts.
/// values (N, columns) of the condition, level (N) -> (N)
inline std::vector<int> coupling_groups(const Matrix<float>& values, const std::vector<int>& level) {
  std::map<std::string, int> codes;
  std::vector<int> out;
  for (Index i = 0; i < values.rows(); ++i) {
    std::string key = text(level[to_size(i)]);
    for (Index k = 0; k < values.cols(); ++k) key += std::isnan(values(i, k)) ? ",?" : text(",", values(i, k));
    out.push_back(codes.try_emplace(std::move(key), int(codes.size())).first->second);
  }
  return out;
}

}  // namespace latentcell
