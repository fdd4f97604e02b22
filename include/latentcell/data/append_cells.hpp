#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// One column after another; labels get the levels of both, and words beside labels become labels.
inline Column joined(const Column& a, const Column& b, std::string_view name) {
  if (a.index() != b.index()) {
    const auto as_labels = [](const Column& c) {
      const auto* words = std::get_if<std::vector<std::string>>(&c);
      return words == nullptr ? c : Column(to_categorical(*words));
    };
    const Column x = as_labels(a), y = as_labels(b);
    if (x.index() == y.index()) return joined(x, y, name);
  }
  if (const auto* labels = std::get_if<Categorical>(&a)) {
    const auto* more = std::get_if<Categorical>(&b);
    if (more != nullptr) {
      Categorical out = *labels;
      for (const std::string& level : more->levels) {
        if (std::find(out.levels.begin(), out.levels.end(), level) == out.levels.end()) out.levels.push_back(level);
      }
      for (const int code : recode(*more, out.levels)) out.codes.push_back(code);
      return out;
    }
  }
  LATENTCELL_REQUIRE(a.index() == b.index(), "append_cells: column '", name, "' is of another kind in each table");
  Column out = a;
  std::visit(
      [&](auto& to) {
        using C = std::remove_cvref_t<decltype(to)>;
        if constexpr (std::is_same_v<C, Matrix<float>>) {
          const C& from = std::get<C>(b);
          LATENTCELL_REQUIRE(to.cols() == from.cols(), "append_cells: column '", name, "' has vectors of ", to.cols(),
                             " and ", from.cols(), " numbers");
          C both(to.rows() + from.rows(), to.cols());
          both << to, from;
          to = std::move(both);
        } else if constexpr (!std::is_same_v<C, Categorical>) {
          const C& from = std::get<C>(b);
          to.insert(to.end(), from.begin(), from.end());
        }
      },
      out);
  return out;
}

}  // namespace detail

/// Adds cells below others. Both tables have the same genes in the same order; columns and embeddings that only one of
/// them has are left out. A table without cells and genes becomes a copy. Throws std::invalid_argument where genes
/// differ or a column is of another kind.
inline void append_cells(CellTable& to, const CellTable& from) {
  if (to.cells() == 0 && to.genes() == 0) {
    to = from;
    return;
  }
  LATENTCELL_REQUIRE(to.gene_names == from.gene_names, "append_cells: the tables have other genes (", to.genes(),
                     " and ", from.genes(), "); align_genes brings them together");
  const CountsView counts = from.counts.view();
  for (Index i = 0; i < counts.rows; ++i) to.counts.push_row(counts, i);
  Annotation columns(to.cells());
  for (const auto& [name, column] : to.cell_columns.columns()) {
    if (from.cell_columns.has(name)) columns.set(name, detail::joined(column, from.cell_columns.get(name), name));
  }
  to.cell_columns = std::move(columns);
  to.cell_names.insert(to.cell_names.end(), from.cell_names.begin(), from.cell_names.end());
  std::map<std::string, Matrix<float>> embeddings;
  for (const auto& [name, matrix] : to.embeddings) {
    const auto other = from.embeddings.find(name);
    if (other == from.embeddings.end() || other->second.cols() != matrix.cols()) continue;
    Matrix<float> both(matrix.rows() + other->second.rows(), matrix.cols());
    both << matrix, other->second;
    embeddings.emplace(name, std::move(both));
  }
  to.embeddings = std::move(embeddings);
}

}  // namespace latentcell
