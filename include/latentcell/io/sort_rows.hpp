#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Compressed sparse rows as files hold them: columns in any order, some perhaps twice, zeros perhaps written out.
struct RawRows {
  std::vector<std::int64_t> row_start = {0};
  std::vector<std::int32_t> columns;
  std::vector<float> values;
};

/// Makes Counts of raw rows, in place: columns ascend, entries of one place are added up (with a line in notes), zeros
/// go. Columns must lie in [0, cols).
inline Counts sort_rows(Index cols, RawRows raw, const std::string& where, std::vector<std::string>& notes) {
  std::vector<std::pair<std::int32_t, float>> row;
  std::size_t to = 0;
  std::size_t first = 0;
  std::int64_t repeated = 0;
  for (std::size_t r = 0; r + 1 < raw.row_start.size(); ++r) {
    const std::size_t last = std::size_t(raw.row_start[r + 1]);
    const auto begin = raw.columns.begin();
    const auto at = [](std::size_t i) { return std::ptrdiff_t(i); };
    if (!std::is_sorted(begin + at(first), begin + at(last))) {
      row.clear();
      for (std::size_t k = first; k < last; ++k) row.emplace_back(raw.columns[k], raw.values[k]);
      // Stable, so that the order in which equal places are added up is the file's.
      std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (std::size_t k = first; k < last; ++k) std::tie(raw.columns[k], raw.values[k]) = row[k - first];
    }
    for (std::size_t k = first; k < last;) {
      const std::int32_t column = raw.columns[k];
      float sum = 0;
      const std::size_t begin_of_place = k;
      for (; k < last && raw.columns[k] == column; ++k) sum += raw.values[k];
      repeated += std::int64_t(k - begin_of_place) - 1;
      if (sum == 0) continue;
      raw.columns[to] = column;
      raw.values[to++] = sum;
    }
    first = last;
    raw.row_start[r + 1] = std::int64_t(to);
  }
  raw.columns.resize(to);
  raw.values.resize(to);
  if (repeated > 0) {
    notes.push_back(
        text(where, ": ", repeated, repeated == 1 ? " entry is" : " entries are", " given more than once: added up"));
  }
  return Counts(cols, std::move(raw.row_start), std::move(raw.columns), std::move(raw.values));
}

/// The transpose of raw rows: entry (r, c) goes to row c, column r; row order within a column is kept. cols is the
/// number of columns before, and so of rows after.
inline RawRows transpose(Index cols, const RawRows& raw) {
  RawRows out;
  out.row_start.assign(to_size(cols) + 1, 0);
  for (std::int32_t c : raw.columns) ++out.row_start[std::size_t(c) + 1];
  std::partial_sum(out.row_start.begin(), out.row_start.end(), out.row_start.begin());
  std::vector<std::int64_t> next(out.row_start.begin(), out.row_start.end() - 1);
  out.columns.resize(raw.columns.size());
  out.values.resize(raw.values.size());
  for (std::size_t r = 0; r + 1 < raw.row_start.size(); ++r) {
    for (std::int64_t k = raw.row_start[r]; k < raw.row_start[r + 1]; ++k) {
      const std::size_t to = std::size_t(next[std::size_t(raw.columns[std::size_t(k)])]++);
      out.columns[to] = std::int32_t(r);
      out.values[to] = raw.values[std::size_t(k)];
    }
  }
  return out;
}

}  // namespace latentcell::io
