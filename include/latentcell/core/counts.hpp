#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Read-only compressed sparse rows: row b holds values[k], columns[k] for k in [row_start[b], row_start[b + 1]).
/// Columns ascend within a row. A window: whoever made it keeps the memory alive.
struct CountsView {
  Index rows = 0, cols = 0;
  const std::int64_t* row_start = nullptr;  // (rows + 1)
  const std::int32_t* columns = nullptr;    // (non-zeros)
  const float* values = nullptr;            // (non-zeros)

  Index nonzeros() const { return rows == 0 ? 0 : Index(row_start[rows] - row_start[0]); }

  std::span<const std::int32_t> row_columns(Index row) const {
    return {columns + row_start[row], to_size(Index(row_start[row + 1] - row_start[row]))};
  }
  std::span<const float> row_values(Index row) const {
    return {values + row_start[row], to_size(Index(row_start[row + 1] - row_start[row]))};
  }
  /// Where the values of the first row begin; those of the others follow.
  const float* first_value() const { return rows == 0 ? values : values + row_start[0]; }
  /// Sum of one row: the library size of a cell.
  double row_sum(Index row) const {
    double sum = 0;
    for (float v : row_values(row)) sum += double(v);
    return sum;
  }
  /// Rows [first, first + count).
  CountsView middle(Index first, Index count) const { return {count, cols, row_start + first, columns, values}; }
};

/// A sparse count matrix, cells x genes, that owns its memory: 8 bytes a non-zero and 64-bit row starts, so any size.
class Counts {
 public:
  Counts() : row_start_(1, 0) {}
  explicit Counts(Index cols) : cols_(cols), row_start_(1, 0) {}

  /// Takes over finished arrays and checks them: starts ascend, columns ascend within a row and lie in [0, cols).
  Counts(Index cols, std::vector<std::int64_t> row_start, std::vector<std::int32_t> columns, std::vector<float> values)
      : cols_(cols), row_start_(std::move(row_start)), columns_(std::move(columns)), values_(std::move(values)) {
    check();
  }

  Index rows() const { return Index(row_start_.size()) - 1; }
  Index cols() const { return cols_; }
  Index nonzeros() const { return Index(values_.size()); }

  CountsView view() const { return {rows(), cols_, row_start_.data(), columns_.data(), values_.data()}; }
  operator CountsView() const { return view(); }  // NOLINT: a window on itself is what every kernel takes

  std::span<const std::int64_t> row_start() const { return row_start_; }
  std::span<const std::int32_t> columns() const { return columns_; }
  std::span<const float> values() const { return values_; }
  std::span<float> values() { return values_; }

  /// Keeps the memory, drops the rows.
  void clear(Index cols) {
    cols_ = cols;
    row_start_.assign(1, 0);
    columns_.clear();
    values_.clear();
  }
  /// Gives up the arrays, whose memory can be filled again; no rows and columns are left.
  void release(std::vector<std::int64_t>& row_start, std::vector<std::int32_t>& columns, std::vector<float>& values) {
    row_start = std::exchange(row_start_, {0});
    columns = std::exchange(columns_, {});
    values = std::exchange(values_, {});
    cols_ = 0;
  }
  void reserve(Index rows, Index nonzeros) {
    row_start_.reserve(to_size(rows + 1));
    columns_.reserve(to_size(nonzeros));
    values_.reserve(to_size(nonzeros));
  }

  /// Adds one non-zero to the row that the next end_row() closes.
  void push(std::int32_t column, float value) {
    columns_.push_back(column);
    values_.push_back(value);
  }
  void end_row() { row_start_.push_back(std::int64_t(values_.size())); }

  /// Adds a row: columns ascending, values beside them.
  void push_row(std::span<const std::int32_t> columns, std::span<const float> values) {
    columns_.insert(columns_.end(), columns.begin(), columns.end());
    values_.insert(values_.end(), values.begin(), values.end());
    end_row();
  }
  /// Adds a copy of one row of another matrix with the same columns.
  void push_row(const CountsView& from, Index row) { push_row(from.row_columns(row), from.row_values(row)); }

 private:
  void check() const {
    LATENTCELL_REQUIRE(!row_start_.empty() && row_start_.front() == 0, "Counts: row starts must begin with 0");
    LATENTCELL_REQUIRE(columns_.size() == values_.size(), "Counts: ", columns_.size(), " columns but ", values_.size(),
                       " values");
    LATENTCELL_REQUIRE(row_start_.back() == std::int64_t(values_.size()), "Counts: the last row ends at ",
                       row_start_.back(), " but there are ", values_.size(), " values");
    // All starts before any entry: once they ascend to the size, no entry lies outside.
    for (std::size_t r = 0; r + 1 < row_start_.size(); ++r) {
      LATENTCELL_REQUIRE(row_start_[r] <= row_start_[r + 1], "Counts: row ", r, " ends before it starts");
    }
    for (std::size_t r = 0; r + 1 < row_start_.size(); ++r) {
      for (std::int64_t k = row_start_[r]; k < row_start_[r + 1]; ++k) {
        const std::int32_t column = columns_[std::size_t(k)];
        LATENTCELL_REQUIRE(column >= 0 && column < cols_, "Counts: row ", r, " has column ", column, " but there are ",
                           cols_, " columns");
        LATENTCELL_REQUIRE(k == row_start_[r] || columns_[std::size_t(k - 1)] < column, "Counts: row ", r,
                           " does not list its columns in ascending order, once each");
      }
    }
  }

  Index cols_ = 0;
  std::vector<std::int64_t> row_start_;
  std::vector<std::int32_t> columns_;
  std::vector<float> values_;
};

/// The rows of m named by `rows`, in that order.
inline Counts select_rows(const CountsView& m, std::span<const Index> rows) {
  Counts out(m.cols);
  Index nonzeros = 0;
  for (Index r : rows) {
    LATENTCELL_REQUIRE(r >= 0 && r < m.rows, "select_rows: row ", r, " of a matrix with ", m.rows, " rows");
    nonzeros += Index(m.row_columns(r).size());
  }
  out.reserve(Index(rows.size()), nonzeros);
  for (Index r : rows) out.push_row(m, r);
  return out;
}

/// The columns of m named by `cols`, ascending, renumbered from 0.
inline Counts select_cols(const CountsView& m, std::span<const Index> cols) {
  std::vector<std::int32_t> place(to_size(m.cols), -1);
  for (std::size_t i = 0; i < cols.size(); ++i) {
    LATENTCELL_REQUIRE(cols[i] >= 0 && cols[i] < m.cols, "select_cols: column ", cols[i], " of a matrix with ", m.cols,
                       " columns");
    LATENTCELL_REQUIRE(i == 0 || cols[i - 1] < cols[i], "select_cols: columns must ascend");
    place[to_size(cols[i])] = std::int32_t(i);
  }
  Counts out(Index(cols.size()));
  for (Index r = 0; r < m.rows; ++r) {
    const auto c = m.row_columns(r);
    const auto v = m.row_values(r);
    for (std::size_t k = 0; k < c.size(); ++k) {
      if (place[std::size_t(c[k])] >= 0) out.push(place[std::size_t(c[k])], v[k]);
    }
    out.end_row();
  }
  return out;
}

}  // namespace latentcell
