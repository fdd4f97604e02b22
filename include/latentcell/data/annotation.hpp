#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/column.hpp>

namespace LATENTCELL_NAMESPACE {

/// Named columns of equal length, in order: the obs of cells or the var of genes.
class Annotation {
 public:
  Annotation() = default;
  explicit Annotation(Index rows) : rows_(rows) {}

  Index rows() const { return rows_; }
  /// What the names of the rows are called, as in "barcode"; may be empty.
  const std::string& index_name() const { return index_name_; }
  void set_index_name(std::string name) { index_name_ = std::move(name); }
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

  /// The labels of a column, as to_labels takes them. Throws for reals that are not all whole, and for vectors.
  Categorical labels(std::string_view name) const {
    const Column& column = get(name);
    if (std::optional<Categorical> labels = to_labels(column)) return *std::move(labels);
    throw_invalid("column '", name, "' holds ", std::holds_alternative<Matrix<float>>(column) ? "vectors" : "numbers",
                  ", not labels");
  }

  /// The numbers of a column, NaN where one is missing. Throws for a column of anything else.
  std::vector<double> numbers(std::string_view name) const {
    if (std::optional<std::vector<double>> numbers = to_numbers(get(name))) return *std::move(numbers);
    throw_invalid("column '", name, "' holds labels, not numbers");
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
    out.index_name_ = index_name_;
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
  std::string index_name_;
  std::vector<std::pair<std::string, Column>> columns_;
};

/// One column of labels and nothing else.
inline Annotation labelled(std::string name, Categorical labels) {
  Annotation out(labels.size());
  out.set(std::move(name), std::move(labels));
  return out;
}

}  // namespace latentcell
