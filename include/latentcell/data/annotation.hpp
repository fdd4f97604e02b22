#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Labels with few distinct values: cell type, batch, condition.
struct Categorical {
  static constexpr int missing = -1;
  std::vector<std::string> levels;  ///< distinct names
  std::vector<int> codes;           ///< one per row: index into levels, or missing

  Index size() const { return Index(codes.size()); }
  Index count(int level) const { return Index(std::count(codes.begin(), codes.end(), level)); }
  /// The code of a level, nothing where there is none of that name.
  std::optional<int> find_code(std::string_view level) const {
    const auto at = std::find(levels.begin(), levels.end(), level);
    return at == levels.end() ? std::nullopt : std::optional<int>(int(at - levels.begin()));
  }
  /// The code of a level; throws std::invalid_argument with the list of levels where there is none of that name.
  int code_of(std::string_view level) const {
    const std::optional<int> code = find_code(level);
    if (!code) throw_invalid("no level '", level, "'; there are ", list());
    return *code;
  }
  std::string list() const {
    std::string out;
    for (const std::string& level : levels) out += (out.empty() ? "" : ", ") + level;
    return out.empty() ? "none" : out;
  }
  bool operator==(const Categorical&) const = default;
};

/// Distinct strings in order of first appearance; empty strings are missing.
inline Categorical to_categorical(std::span<const std::string> values) {
  Categorical out;
  std::unordered_map<std::string, int> code;
  for (const std::string& value : values) {
    if (value.empty()) {
      out.codes.push_back(Categorical::missing);
      continue;
    }
    const auto [at, added] = code.try_emplace(value, int(out.levels.size()));
    if (added) out.levels.push_back(value);
    out.codes.push_back(at->second);
  }
  return out;
}

/// Codes of labels among other levels; -1 for a level that is not there and where the label is missing.
inline std::vector<int> recode(const Categorical& labels, std::span<const std::string> levels) {
  std::vector<int> of_level, out;
  for (const std::string& level : labels.levels) {
    const auto at = std::find(levels.begin(), levels.end(), level);
    of_level.push_back(at == levels.end() ? Categorical::missing : int(at - levels.begin()));
  }
  for (const int code : labels.codes) out.push_back(code < 0 ? Categorical::missing : of_level.at(to_size(code)));
  return out;
}

/// One annotation of cells or genes: labels, numbers, texts, or a vector for each row.     vectors (rows, D)
using Column = std::variant<Categorical, std::vector<double>, std::vector<std::string>, Matrix<float>>;

inline Index size(const Column& column) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { c.codes; }) {
          return Index(c.codes.size());
        } else if constexpr (requires { c.cols(); }) {
          return Index(c.rows());
        } else {
          return Index(c.size());
        }
      },
      column);
}

/// The rows of a column named by `rows`, in that order. Levels stay, also those that no row has any more.
inline Column select_rows(const Column& column, std::span<const Index> rows) {
  const auto pick = [&](const auto& from) {
    std::remove_cvref_t<decltype(from)> out;
    out.reserve(rows.size());
    for (Index r : rows) out.push_back(from.at(to_size(r)));
    return out;
  };
  if (const auto* c = std::get_if<Categorical>(&column)) return Categorical{c->levels, pick(c->codes)};
  if (const auto* numbers = std::get_if<std::vector<double>>(&column)) return pick(*numbers);
  if (const auto* vectors = std::get_if<Matrix<float>>(&column)) {
    Matrix<float> out(Index(rows.size()), vectors->cols());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      LATENTCELL_REQUIRE(rows[i] >= 0 && rows[i] < vectors->rows(), "select_rows: row ", rows[i], " of ",
                         vectors->rows());
      out.row(Index(i)) = vectors->row(rows[i]);
    }
    return out;
  }
  return pick(std::get<std::vector<std::string>>(column));
}

/// Named columns of equal length, in order: the obs of cells or the var of genes.
class Annotation {
 public:
  Annotation() = default;
  explicit Annotation(Index rows) : rows_(rows) {}

  Index rows() const { return rows_; }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::span<const std::pair<std::string, Column>> columns() const { return columns_; }

  /// Adds a column or replaces the one of that name.
  void set(std::string name, Column column) {
    LATENTCELL_REQUIRE(size(column) == rows_, "column '", name, "' has ", size(column), " entries but the table has ",
                       rows_, " rows");
    for (auto& [present, old] : columns_) {
      if (present == name) {
        old = std::move(column);
        return;
      }
    }
    columns_.emplace_back(std::move(name), std::move(column));
  }

  /// The column of that name; throws with the list of columns where there is none.
  const Column& get(std::string_view name) const {
    if (const Column* column = find(name)) return *column;
    throw_invalid("no column '", name, "'; there are ", list());
  }

  /// A column of labels: categorical as it is, strings by first appearance. Numbers are refused.
  Categorical labels(std::string_view name) const {
    const Column& column = get(name);
    if (const auto* c = std::get_if<Categorical>(&column)) return *c;
    if (const auto* strings = std::get_if<std::vector<std::string>>(&column)) return to_categorical(*strings);
    throw_invalid("column '", name, "' holds ", std::holds_alternative<Matrix<float>>(column) ? "vectors" : "numbers",
                  ", not labels");
  }

  /// Codes of a column's labels among the given levels; -1 everywhere where there is no such column.    -> (rows)
  std::vector<int> codes(std::string_view name, std::span<const std::string> levels) const {
    return has(name) ? recode(labels(name), levels) : std::vector<int>(to_size(rows_), Categorical::missing);
  }

  std::string list() const {
    std::string out;
    for (const auto& entry : columns_) out += (out.empty() ? "" : ", ") + entry.first;
    return out.empty() ? "none" : out;
  }

  /// The same, or rows without columns where this has none: what is not annotated is unknown. Throws
  /// std::invalid_argument where the number of rows is another.
  Annotation for_rows(Index rows) const {
    LATENTCELL_REQUIRE(rows_ == rows || (rows_ == 0 && columns_.empty()), "annotation of ", rows_, " rows for ", rows,
                       " cells");
    return rows_ == rows ? *this : Annotation(rows);
  }

  Annotation select(std::span<const Index> rows) const {
    Annotation out(Index(rows.size()));
    for (const auto& [name, column] : columns_) out.set(name, select_rows(column, rows));
    return out;
  }

 private:
  const Column* find(std::string_view name) const {
    for (const auto& [present, column] : columns_) {
      if (present == name) return &column;
    }
    return nullptr;
  }

  Index rows_ = 0;
  std::vector<std::pair<std::string, Column>> columns_;
};

/// One column of labels and nothing else.
inline Annotation labelled(std::string name, Categorical labels) {
  Annotation out(labels.size());
  out.set(std::move(name), std::move(labels));
  return out;
}

}  // namespace latentcell
