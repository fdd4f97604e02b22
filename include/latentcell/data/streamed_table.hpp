#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/streamed_batches.hpp>

namespace LATENTCELL_NAMESPACE {

/// Cells whose counts are read when they are needed, with annotation and names in memory.
struct StreamedTable {
  CountRows counts;           ///< (cells, genes); what they are read from must outlive this
  CellTable header;           ///< of these cells and genes: all but their counts, which are 0 here
  StreamOptions stream = {};  ///< how much memory the counts may take in training

  Index cells() const { return counts.rows(); }
  Index genes() const { return counts.cols(); }
  Categorical obs(std::string_view column) const { return header.obs(column); }

  /// The cells named by `rows`, in that order.
  StreamedTable select_cells(std::span<const Index> rows) const {
    return {counts.select_rows(rows), header.select_cells(rows), stream};
  }
  /// The genes named by `cols`, which ascend.
  StreamedTable select_genes(std::span<const Index> cols) const {
    return {counts.select_cols(cols), header.select_genes(cols), stream};
  }

  /// The same in memory: for a sample of the cells.
  CellTable loaded() const {
    CellTable out = header;
    Counts memory;
    const CountsView all = counts.gather(memory);
    if (memory.rows() == all.rows) {
      out.counts = std::move(memory);
    } else {
      out.counts = Counts(all.cols);
      for (Index row = 0; row < all.rows; ++row) out.counts.push_row(all, row);
    }
    return out;
  }
};

/// Counts of 0 of so many cells and genes, as a header has them.
inline Counts no_counts(Index cells, Index genes) {
  return Counts(genes, std::vector<std::int64_t>(to_size(cells + 1), 0), {}, {});
}

/// A table of cells, in memory or streamed: counts that convert to CountRows, and a header.
template <class T>
concept TableOfCells = std::same_as<T, CellTable> || std::same_as<T, StreamedTable>;

/// Annotation and names of a table.
inline const CellTable& header_of(const CellTable& cells) { return cells; }
inline const CellTable& header_of(const StreamedTable& cells) { return cells.header; }

/// Minibatches of a table, which must outlive them.
inline CellBatches batches_over(const CellTable& cells, CellBatchesOptions options) {
  return CellBatches(cells, std::move(options));
}
inline StreamedBatches batches_over(const StreamedTable& cells, CellBatchesOptions options) {
  return StreamedBatches(cells.counts, std::move(options), cells.stream);
}

}  // namespace latentcell
