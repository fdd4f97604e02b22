#pragma once

#include <cstdint>
#include <vector>

#include <latentcell/core/gene_sums.hpp>
#include <latentcell/core/options.hpp>

namespace LATENTCELL_NAMESPACE {

/// Labels that cell_sums counts.
struct CellSumsOptions {
  std::vector<int> label = {};            ///< (N) code of each cell, -1 where unknown; empty: all unknown
  std::vector<int> batch_covariate = {};  ///< (N) likewise
  Index labels = 0;                       ///< levels of the label
  Index batch_covariate_levels = 0;       ///< levels of the batch covariate

  static void visit(auto& self, auto&& f) {
    f("label", self.label, each(at_least(-1)));
    f("batch_covariate", self.batch_covariate, each(at_least(-1)));
    f("labels", self.labels, at_least(0));
    f("batch_covariate_levels", self.batch_covariate_levels, at_least(0));
  }
};

/// What one pass over a table tells: 8 bytes a cell and 32 a gene. Parts over other cells of the same table merge by
/// addition, and whole numbers are exact (GeneSums), so how cells are dealt out changes no bit.
struct CellSums {
  GeneSums genes;
  std::vector<float> library;          ///< (N) counts of each cell; 0: of a part without it, too
  std::vector<std::int32_t> detected;  ///< (N) genes of each cell with a count above 0
  std::vector<Index> mix;  ///< (labels + 1, batch covariate levels + 1) cells of each; the last of both are unknown
  Index labels = 0, batch_covariate_levels = 0;

  CellSums() = default;
  CellSums(Index cells, Index of_genes, const CellSumsOptions& o)
      : genes(of_genes),
        library(to_size(cells), 0.0f),
        detected(to_size(cells), 0),
        mix(to_size((o.labels + 1) * (o.batch_covariate_levels + 1)), 0),
        labels(o.labels),
        batch_covariate_levels(o.batch_covariate_levels) {
    for (const std::vector<int>* codes : {&o.label, &o.batch_covariate})
      LATENTCELL_REQUIRE(codes->empty() || Index(codes->size()) == cells, "CellSums: ", codes->size(), " codes for ",
                         cells, " cells");
  }

  /// Cells of a label and a level of the batch covariate; -1: unknown.
  Index cells_of(int label, int batch_covariate = -1) const { return mix[place(label, batch_covariate)]; }

  /// Adds a block of cells.     counts (B, G): the rows from `first` on of the table
  void add(const CountsView& counts, Index first, const CellSumsOptions& o) {
    genes.add(counts);
    for (Index b = 0; b < counts.rows; ++b) {
      const std::size_t cell = to_size(first + b);
      library[cell] = float(counts.row_sum(b));
      for (const float v : counts.row_values(b)) detected[cell] += v > 0 ? 1 : 0;
      mix[place(o.label.empty() ? -1 : o.label[cell], o.batch_covariate.empty() ? -1 : o.batch_covariate[cell])] += 1;
    }
  }

  /// Adds the sums over other cells of the same table.
  CellSums& operator+=(const CellSums& other) {
    LATENTCELL_REQUIRE(library.size() == other.library.size() && labels == other.labels &&
                           batch_covariate_levels == other.batch_covariate_levels,
                       "CellSums: sums of a table of ", library.size(), " cells and of another of ",
                       other.library.size());
    genes += other.genes;
    for (std::size_t i = 0; i < library.size(); ++i) {
      library[i] += other.library[i];
      detected[i] += other.detected[i];
    }
    for (std::size_t i = 0; i < mix.size(); ++i) mix[i] += other.mix[i];
    return *this;
  }

 private:
  std::size_t place(int label, int batch_covariate) const {
    LATENTCELL_REQUIRE(label < labels && batch_covariate < batch_covariate_levels, "CellSums: codes ", label, " and ",
                       batch_covariate, " but there are ", labels, " labels and ", batch_covariate_levels,
                       " levels of the batch covariate");
    const Index l = label < 0 ? labels : label, b = batch_covariate < 0 ? batch_covariate_levels : batch_covariate;
    return to_size(l * (batch_covariate_levels + 1) + b);
  }
};

/// Sums over all cells, in one pass.     counts (N, G)
inline CellSums cell_sums(const CountRows& counts, const CellSumsOptions& options = {}) {
  CellSums out(counts.rows(), counts.cols(), check_options("cell_sums", options));
  counts.each_block([&](const CountsView& block, Index first) { out.add(block, first, options); });
  return out;
}

}  // namespace latentcell
