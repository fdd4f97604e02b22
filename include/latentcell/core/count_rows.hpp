#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/counts.hpp>

namespace LATENTCELL_NAMESPACE {

/// Reads rows of a count matrix that is not in memory, from one thread at a time.
/// cells(), genes()           shape of the matrix
/// read(first, count, to)     puts the rows [first, first + count) in place of those of `to`
/// entries(first, count)      optional: how many entries these rows have
template <class R>
concept RowReader = requires(R& reader, Index first, Index count, Counts& to) {
  { reader.cells() } -> std::convertible_to<Index>;
  { reader.genes() } -> std::convertible_to<Index>;
  reader.read(first, count, to);
};

/// Rows of counts, in memory or read when they are asked for, in one or several passes; a window on what holds them,
/// which must outlive it. What takes it needs the memory of some rows only. Several threads may use it and its copies:
/// they read one at a time.     (N, G)
class CountRows {
 public:
  CountRows(const CountsView& counts) : memory_(counts), rows_(counts.rows), cols_(counts.cols) {}  // NOLINT: a window
  CountRows(const Counts& counts) : CountRows(counts.view()) {}                                     // NOLINT: likewise
  template <RowReader R>
  explicit CountRows(R& reader)
      : file_(std::make_shared<File>()), rows_(Index(reader.cells())), cols_(Index(reader.genes())) {
    file_->read = [&reader](Index first, Index count, Counts& to) { reader.read(first, count, to); };
    if constexpr (requires { reader.entries(Index(0), Index(0)); })
      file_->entries = [&reader](Index first, Index count) { return Index(reader.entries(first, count)); };
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }

  /// Whether nothing is read from outside of the memory.
  bool in_memory() const { return file_ == nullptr; }

  /// All rows where they are in memory in one piece.
  std::optional<CountsView> view() const {
    return in_memory() && !chosen_ && !column_ ? std::optional(memory_) : std::nullopt;
  }

  /// The rows named by `rows`, in that order.
  CountRows select_rows(std::span<const Index> rows) const {
    CountRows out = *this;
    auto chosen = std::make_shared<std::vector<Index>>();
    chosen->reserve(rows.size());
    for (const Index row : rows) {
      require_row("select_rows", row);
      chosen->push_back(place_of(row));
    }
    out.rows_ = Index(rows.size());
    out.chosen_ = std::move(chosen);
    return out;
  }

  /// The columns named by `cols`, ascending, renumbered from 0.
  CountRows select_cols(std::span<const Index> cols) const {
    std::vector<std::int32_t> place(to_size(cols_), -1);
    for (std::size_t i = 0; i < cols.size(); ++i) {
      LATENTCELL_REQUIRE(cols[i] >= 0 && cols[i] < cols_, "CountRows: column ", cols[i], " of ", cols_);
      LATENTCELL_REQUIRE(i == 0 || cols[i - 1] < cols[i], "CountRows: columns must ascend");
      place[to_size(cols[i])] = std::int32_t(i);
    }
    if (column_) {
      std::vector<std::int32_t> both;
      for (const std::int32_t c : *column_) both.push_back(c < 0 ? c : place[std::size_t(c)]);
      place = std::move(both);
    }
    CountRows out = *this;
    out.cols_ = Index(cols.size());
    out.column_ = std::make_shared<const std::vector<std::int32_t>>(std::move(place));
    return out;
  }

  /// Adds the rows named by `rows`, in that order, to `to`, which has cols() columns. Rows that ascend and are near
  /// each other are read at once.
  void append(std::span<const Index> rows, Counts& to) const {
    for (const Index row : rows) require_row("append", row);
    if (in_memory()) {
      for (const Index row : rows) push(memory_, place_of(row), to);
      return;
    }
    const std::lock_guard lock(file_->one_at_a_time);
    for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
      const Index from = place_of(rows[first]);
      Index until = from + 1;
      for (last = first + 1; last < rows.size(); ++last) {
        const Index row = place_of(rows[last]);
        if (row < until || row > until + near || row >= from + most_rows) break;
        until = row + 1;
      }
      file_->read(from, until - from, file_->read_last);
      const CountsView here = file_->read_last.view();
      for (std::size_t i = first; i < last; ++i) push(here, place_of(rows[i]) - from, to);
    }
  }

  /// Calls f(block, first) for blocks of rows in order: all at once where that takes no copy.
  /// block: CountsView of the rows from `first` on, valid during the call
  template <class F>
  void each_block(const F& f) const {
    if (view()) return f(memory_, Index(0));
    Counts block(cols_);
    for (Index first = 0; first < rows_; first += most_rows) {
      read(first, std::min(most_rows, rows_ - first), block);
      f(block.view(), first);
    }
  }

  /// The rows [first, first + count) in place of those of `to`.
  void read(Index first, Index count, Counts& to) const {
    std::vector<Index> rows;
    for (Index i = 0; i < count; ++i) rows.push_back(first + i);
    to.clear(cols_);
    append(rows, to);
  }

  /// All rows, for what cannot do with some at a time: in place where they are in memory, else copied to `to`.
  CountsView gather(Counts& to) const {
    if (view()) return memory_;
    to.clear(cols_);
    each_block([&](const CountsView& block, Index) {
      for (Index row = 0; row < block.rows; ++row) to.push_row(block, row);
    });
    return to.view();
  }

  /// Non-zeros of a row on average: exact where the counts are in memory or the reader tells them, else, and of
  /// selected columns, estimated from rows at 32 places.
  double nonzeros_per_row() const {
    if (rows_ == 0) return 0;
    if (view()) return double(memory_.nonzeros()) / double(rows_);
    const bool exact = !in_memory() && file_->entries;
    const auto entries = [&](Index row) { return double(file_->entries(place_of(row), 1)); };
    double all = 0;
    for (Index row = 0; exact && row < rows_; ++row) all += entries(row);
    if (exact && !column_) return all / double(rows_);
    constexpr Index places = 32, at_each = 64;
    std::vector<Index> rows;
    double expected = 0;
    for (Index i = 0; i < places; ++i) {
      const Index first = i * rows_ / places, last = std::min(first + at_each, (i + 1) * rows_ / places);
      for (Index row = first; row < last; ++row) {
        rows.push_back(row);
        if (exact) expected += entries(row);
      }
    }
    Counts some(cols_);
    append(rows, some);
    if (expected > 0) return double(some.nonzeros()) / expected * all / double(rows_);
    return double(some.nonzeros()) / double(rows.size());
  }

 private:
  // Rows that are read at once, and rows between two that are read with them.
  static constexpr Index most_rows = 1024, near = 16;

  struct File {
    std::mutex one_at_a_time;
    std::function<void(Index, Index, Counts&)> read;
    std::function<Index(Index, Index)> entries;  // empty: the reader does not tell
    Counts read_last;
  };

  void require_row(const char* caller, Index row) const {
    LATENTCELL_REQUIRE(row >= 0 && row < rows_, "CountRows: ", caller, ": row ", row, " of ", rows_);
  }
  Index place_of(Index row) const { return chosen_ ? (*chosen_)[to_size(row)] : row; }

  void push(const CountsView& from, Index row, Counts& to) const {
    if (!column_) return to.push_row(from, row);
    const auto columns = from.row_columns(row);
    const auto values = from.row_values(row);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const std::int32_t column = (*column_)[std::size_t(columns[k])];
      if (column >= 0) to.push(column, values[k]);
    }
    to.end_row();
  }

  CountsView memory_;  // where there is no file
  std::shared_ptr<File> file_;
  std::shared_ptr<const std::vector<Index>> chosen_;         // rows of the matrix; null: all
  std::shared_ptr<const std::vector<std::int32_t>> column_;  // new place of each column, -1: left out; null: the same
  Index rows_ = 0, cols_ = 0;
};

}  // namespace latentcell
