#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// Whether a label is a code such as 007, which is no number.
inline bool is_padded(std::string_view label) {
  if (label.starts_with('-')) label.remove_prefix(1);
  return label.size() > 1 && label[0] == '0' && label[1] >= '0' && label[1] <= '9';
}

/// Labels as the reals of another column, where every level is a finite number; nothing elsewhere.
inline std::optional<std::vector<double>> as_reals(const Categorical& labels) {
  std::vector<double> of_level, out;
  for (const std::string& level : labels.levels) {
    double value = 0;
    const auto [end, error] = std::from_chars(level.data(), level.data() + level.size(), value);
    if (error != std::errc() || end != level.data() + level.size()) return std::nullopt;
    if (is_padded(level) || !std::isfinite(value)) return std::nullopt;
    of_level.push_back(value);
  }
  for (const int code : labels.codes)
    out.push_back(code < 0 ? std::numeric_limits<double>::quiet_NaN() : of_level[to_size(code)]);
  return out;
}

/// Whether a type of whole numbers holds a value.
inline bool in_range(std::int64_t value, NumberType type) {
  const auto within = [&](auto narrow) {
    using T = decltype(narrow);
    return value >= std::int64_t(std::numeric_limits<T>::lowest()) &&
           value <= std::int64_t(std::numeric_limits<T>::max());
  };
  switch (type) {
    case NumberType::int8:
      return within(std::int8_t());
    case NumberType::int16:
      return within(std::int16_t());
    case NumberType::int32:
      return within(std::int32_t());
    case NumberType::uint8:
      return within(std::uint8_t());
    case NumberType::uint16:
      return within(std::uint16_t());
    case NumberType::uint32:
      return within(std::uint32_t());
    case NumberType::uint64:
      return value >= 0;
    default:
      return true;
  }
}

/// Labels as numbers or truth values, where every level is one; as they are elsewhere. Codes such as 007 are no
/// numbers.
inline Column typed(const Categorical& labels, const Column& like) {
  if (std::holds_alternative<std::vector<double>>(like) || std::holds_alternative<std::vector<float>>(like)) {
    if (auto reals = as_reals(labels)) return *std::move(reals);
    return labels;
  }
  const auto* whole = std::get_if<Integers>(&like);
  const bool flags = std::holds_alternative<Booleans>(like);
  if (whole == nullptr && !flags) return labels;
  std::vector<std::int64_t> of_level;
  for (const std::string& level : labels.levels) {
    std::int64_t value = flags && level == "True";
    const auto [end, error] = std::from_chars(level.data(), level.data() + level.size(), value);
    const bool number = error == std::errc() && end == level.data() + level.size();
    if (flags ? level != "True" && level != "False" : !number || is_padded(level)) return labels;
    of_level.push_back(value);
  }
  Integers out;
  if (whole != nullptr) {
    const auto fits = [&](std::int64_t v) { return in_range(v, whole->type); };
    out.type = std::all_of(of_level.begin(), of_level.end(), fits) ? whole->type : NumberType::int64;
  }
  std::vector<char> missing;
  for (const int code : labels.codes) {
    out.values.push_back(code < 0 ? 0 : of_level[to_size(code)]);
    missing.push_back(code < 0);
  }
  if (std::find(missing.begin(), missing.end(), char(1)) != missing.end()) out.missing = missing;
  if (!flags) return out;
  return Booleans{{out.values.begin(), out.values.end()}, out.missing};
}

/// Brings one of two columns to the kind of the other: words and labels to labels, labels of numbers to numbers,
/// numbers of different width to the wider.
inline void make_alike(Column& a, Column& b) {
  if (a.index() != b.index()) {
    if (const auto* labels = std::get_if<Categorical>(&b)) b = typed(*labels, a);
    if (const auto* labels = std::get_if<Categorical>(&a)) a = typed(*labels, b);
  }
  if (a.index() == b.index()) {
    auto *whole = std::get_if<Integers>(&a), *other = std::get_if<Integers>(&b);
    if (whole != nullptr && whole->type != other->type) whole->type = other->type = NumberType::int64;
    return;
  }
  const auto x = to_numbers(a), y = to_numbers(b);
  if (x && y) {
    a = *x;
    b = *y;
    return;
  }
  const auto reals = [](const Column& c) { return to_numbers(c) && !std::holds_alternative<Integers>(c); };
  if (reals(a) || reals(b)) return;
  if (auto labels = to_labels(a)) a = *std::move(labels);
  if (auto labels = to_labels(b)) b = *std::move(labels);
}

/// A column of the same kind without a value in any row; of texts, empty ones.
inline Column all_missing(const Column& like, Index rows) {
  const std::size_t n = to_size(rows);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Column out = like;
  std::visit(
      [&](auto& c) {
        if constexpr (requires { c.codes; }) {
          c.codes.assign(n, Categorical::missing);
        } else if constexpr (requires { c.values; }) {
          c.values.assign(n, {});
          c.missing = std::vector<char>(n, 1);
        } else if constexpr (requires { c.cols(); }) {
          c = Matrix<float>::Constant(rows, c.cols(), nan);
        } else if constexpr (requires { c.front() + nan; }) {
          c.assign(n, nan);
        } else {
          c.assign(n, {});
        }
      },
      out);
  return out;
}

/// One list after another; where one may lack values, both may.
template <class C>
void append_values(C& to, const C& from) {
  if constexpr (requires { to.missing.has_value(); }) {
    if (to.missing || from.missing) {
      if (!to.missing) to.missing.emplace(to.values.size());
      const std::vector<char> more = from.missing ? *from.missing : std::vector<char>(from.values.size());
      to.missing->insert(to.missing->end(), more.begin(), more.end());
    }
    to.values.insert(to.values.end(), from.values.begin(), from.values.end());
  } else if constexpr (requires { to.missing.size(); }) {
    to.missing.insert(to.missing.end(), from.missing.begin(), from.missing.end());
    to.values.insert(to.values.end(), from.values.begin(), from.values.end());
  } else {
    to.insert(to.end(), from.begin(), from.end());
  }
}

/// One column after another; labels get the levels of both.
inline Column joined(Column a, Column b, std::string_view name) {
  make_alike(a, b);
  LATENTCELL_REQUIRE(a.index() == b.index(), "append_cells: column '", name, "' is of another kind in each table");
  std::visit(
      [&](auto& to) {
        using C = std::remove_cvref_t<decltype(to)>;
        const C& from = std::get<C>(b);
        if constexpr (std::is_same_v<C, Categorical>) {
          if (to.level_type != from.level_type && !from.levels.empty()) {
            const auto is_level = [&](const std::string& level) { return to.find_code(level).has_value(); };
            if (!std::all_of(from.levels.begin(), from.levels.end(), is_level)) to.level_type.reset();
          }
          for (const std::string& level : from.levels) {
            if (!to.find_code(level)) to.levels.push_back(level);
          }
          for (const int code : recode(from, to.levels)) to.codes.push_back(code);
        } else if constexpr (std::is_same_v<C, Matrix<float>>) {
          LATENTCELL_REQUIRE(to.cols() == from.cols(), "append_cells: column '", name, "' has vectors of ", to.cols(),
                             " and ", from.cols(), " numbers");
          C both(to.rows() + from.rows(), to.cols());
          both << to, from;
          to = std::move(both);
        } else {
          append_values(to, from);
        }
      },
      a);
  return a;
}

}  // namespace detail

/// Adds cells below others. Both tables have the same genes in the same order; columns and embeddings that only one of
/// them has are missing in the other; layers and obsp are left out, and so are embeddings of another width. A table
/// without cells and genes becomes a copy. Throws std::invalid_argument where genes differ or a column is of another
/// kind.
inline void append_cells(CellTable& to, const CellTable& from) {
  if (to.cells() == 0 && to.genes() == 0) {
    to = from;
    return;
  }
  LATENTCELL_REQUIRE(to.gene_names == from.gene_names, "append_cells: the tables have other genes (", to.genes(),
                     " and ", from.genes(), "); align_genes brings them together");
  const CountsView counts = from.counts.view();
  for (Index i = 0; i < counts.rows; ++i) to.counts.push_row(counts, i);
  const Index before = to.cells() - from.cells();
  Annotation columns(to.cells());
  columns.set_index_name(to.cell_columns.index_name());
  for (const auto& [name, column] : to.cell_columns.columns()) {
    columns.set(name, detail::joined(column,
                                     from.cell_columns.has(name) ? from.cell_columns.get(name)
                                                                 : detail::all_missing(column, from.cells()),
                                     name));
  }
  for (const auto& [name, column] : from.cell_columns.columns()) {
    if (!to.cell_columns.has(name))
      columns.set(name, detail::joined(detail::all_missing(column, before), column, name));
  }
  to.cell_columns = std::move(columns);
  to.cell_names.insert(to.cell_names.end(), from.cell_names.begin(), from.cell_names.end());
  using Embeddings = std::map<std::string, Matrix<float>>;
  Embeddings embeddings;
  for (const Embeddings* table : std::initializer_list<const Embeddings*>{&to.embeddings, &from.embeddings}) {
    for (const auto& [name, matrix] : *table) {
      const Embeddings::const_iterator first = to.embeddings.find(name), second = from.embeddings.find(name);
      const bool in_both = first != to.embeddings.cend() && second != from.embeddings.end();
      if (embeddings.count(name) > 0 || (in_both && first->second.cols() != second->second.cols())) continue;
      Matrix<float> both = Matrix<float>::Constant(to.cells(), matrix.cols(), std::numeric_limits<float>::quiet_NaN());
      if (first != to.embeddings.cend()) both.topRows(before) = first->second;
      if (second != from.embeddings.end()) both.bottomRows(from.cells()) = second->second;
      embeddings.emplace(name, std::move(both));
    }
  }
  to.embeddings = std::move(embeddings);
  to.stored = without_places(to.stored, {"layers/", "obsp/"});
}

}  // namespace latentcell
