#pragma once

#include <limits>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE {

/// Totals along one axis of a count matrix: a cell's or a gene's counts, and in how many genes or cells it has any.
struct Totals {
  std::vector<double> counts;   ///< sum of the row or column
  std::vector<Index> detected;  ///< entries above zero of the row or column
};

/// Counts and detected genes of each cell.   counts (B, G) -> (B)
inline Totals cell_totals(const CountsView& counts) {
  Totals out{std::vector<double>(to_size(counts.rows)), std::vector<Index>(to_size(counts.rows))};
  kernel::parallel_ranges(counts.rows, 256, [&](Index first, Index last) {
    for (Index b = first; b < last; ++b) {
      double sum = 0;
      Index detected = 0;
      for (float v : counts.row_values(b)) {
        sum += double(v);
        detected += v > 0 ? 1 : 0;
      }
      out.counts[to_size(b)] = sum;
      out.detected[to_size(b)] = detected;
    }
  });
  return out;
}

/// Counts and expressing cells of each gene.   counts (B, G) -> (G)
inline Totals gene_totals(const CountsView& counts) {
  Totals out{std::vector<double>(to_size(counts.cols)), std::vector<Index>(to_size(counts.cols))};
  for (Index b = 0; b < counts.rows; ++b) {
    const auto columns = counts.row_columns(b);
    const auto values = counts.row_values(b);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const std::size_t g = std::size_t(columns[k]);
      out.counts[g] += double(values[k]);
      out.detected[g] += values[k] > 0 ? 1 : 0;
    }
  }
  return out;
}

/// Which cells filter_cells keeps; every bound is inclusive.
struct CellFilterOptions {
  double min_counts = 0;                                        ///< larger: drops shallow cells
  Index min_genes = 0;                                          ///< larger: drops cells with few detected genes
  double max_counts = std::numeric_limits<double>::infinity();  ///< smaller: drops likely doublets
  Index max_genes = std::numeric_limits<Index>::max();          ///< smaller: drops likely doublets

  static void visit(auto& self, auto&& f) {
    f("min_counts", self.min_counts, at_least(0));
    f("min_genes", self.min_genes, at_least(0));
    f("max_counts", self.max_counts, at_least_or_infinite(0));
    f("max_genes", self.max_genes, at_least(0));
  }
};

/// Which genes filter_genes keeps; every bound is inclusive.
struct GeneFilterOptions {
  Index min_cells = 0;    ///< larger: drops genes with counts in few cells
  double min_counts = 0;  ///< larger: drops genes with few counts in all cells together

  static void visit(auto& self, auto&& f) {
    f("min_cells", self.min_cells, at_least(0));
    f("min_counts", self.min_counts, at_least(0));
  }
};

/// Rows of the cells that pass, ascending.   counts (B, G) -> at most B rows
inline std::vector<Index> filter_cells(const CountsView& counts, const CellFilterOptions& options) {
  check_options("filter_cells", options);
  const Totals totals = cell_totals(counts);
  std::vector<Index> kept;
  for (Index b = 0; b < counts.rows; ++b) {
    const double sum = totals.counts[to_size(b)];
    const Index detected = totals.detected[to_size(b)];
    if (sum >= options.min_counts && sum <= options.max_counts && detected >= options.min_genes &&
        detected <= options.max_genes) {
      kept.push_back(b);
    }
  }
  return kept;
}

/// Columns of the genes that pass, ascending.   counts (B, G) -> at most G columns
inline std::vector<Index> filter_genes(const CountsView& counts, const GeneFilterOptions& options) {
  check_options("filter_genes", options);
  const Totals totals = gene_totals(counts);
  std::vector<Index> kept;
  for (Index g = 0; g < counts.cols; ++g) {
    if (totals.counts[to_size(g)] >= options.min_counts && totals.detected[to_size(g)] >= options.min_cells) {
      kept.push_back(g);
    }
  }
  return kept;
}

/// The cells that pass, with all their columns. Throws std::invalid_argument where none would be left.
inline CellTable filter_cells(const CellTable& cells, const CellFilterOptions& options) {
  const std::vector<Index> kept = filter_cells(cells.counts.view(), options);
  LATENTCELL_REQUIRE(!kept.empty(), "filter_cells: none of ", cells.cells(), " cells has counts in [",
                     options.min_counts, ", ", options.max_counts, "] and detected genes in [", options.min_genes, ", ",
                     options.max_genes, "]");
  return cells.select_cells(kept);
}

/// The table with only the genes that pass. Throws std::invalid_argument where none would be left.
inline CellTable filter_genes(const CellTable& cells, const GeneFilterOptions& options) {
  const std::vector<Index> kept = filter_genes(cells.counts.view(), options);
  LATENTCELL_REQUIRE(!kept.empty(), "filter_genes: none of ", cells.genes(), " genes has ", options.min_counts,
                     " counts or more in ", options.min_cells, " cells or more");
  return cells.select_genes(kept);
}

}  // namespace latentcell
