#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/median.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/modality.hpp>
#include <latentcell/spatial/align_slices.hpp>
#include <latentcell/spatial/holdout.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// A task as a model takes it: locations and modalities.
struct Dataset {
  Locations reference;  ///< of measured cells or spots
  Locations query;      ///< to predict
  int slices = 1;
  Modality target;                        ///< (N, F) genes to predict, of the reference
  Modality panel = {}, query_panel = {};  ///< genes measured at query locations, of either side; none without a panel
  Modality truth = {};                    ///< (M, F) of the query locations; without features where it is unknown
  double depth = 0;                       ///< with a panel: total counts of its genes that the target is scaled to
  std::vector<Index> spot = {};           ///< (M) super-resolution: the reference spot of each query location
  bool spots_are_means = false;           ///< counts of a spot are means over its cells, not sums
  bool in_common_frame = false;           ///< set by to_common_frame, or by hand where coordinates need no change
  std::vector<SliceAlignment> alignments = {};  ///< of to_common_frame

  bool has_panel() const { return !panel.features.empty(); }
  bool has_truth() const { return !truth.features.empty(); }

  /// True if a query location lies in a slice without reference cells.
  bool has_missing_slice() const {
    return std::any_of(query.slice.begin(), query.slice.end(),
                       [&](int k) { return std::count(reference.slice.begin(), reference.slice.end(), k) == 0; });
  }
};

/// Genes of a model: those to predict, and those measured at query locations.
struct DatasetGenes {
  std::vector<std::string> target;
  std::vector<std::string> panel = {};
  double depth = 0;  ///< with a panel: total counts that the target is scaled to; 0: the reference's median total
};

/// Chooses the genes of a task: those expressed in 3 % of the reference cells or more, and in three at least.
/// most_variable: number of highly variable genes to keep; 0 keeps all
/// Throws std::invalid_argument if no gene is left to predict, or none of the panel.
inline DatasetGenes choose_genes(const ImputationTask& task, Index most_variable = 0) {
  const Index least = std::max<Index>(3, Index(0.03 * double(task.reference.cells.cells())));
  CellTable cells = filter_genes(task.reference.cells, GeneFilterOptions{.min_cells = least});
  LATENTCELL_REQUIRE(cells.genes() >= 2, "choose_genes: ", cells.genes(), " genes are expressed in ", least,
                     " cells or more; needs two");
  if (most_variable > 0 && most_variable < cells.genes())
    cells = cells.select_genes(highly_variable(cells.counts, {.genes = most_variable}).genes);
  const std::set<std::string> missing(task.missing_genes.begin(), task.missing_genes.end());
  DatasetGenes out;
  for (const std::string& g : cells.gene_names)
    (task.imputes_genes() && !missing.contains(g) ? out.panel : out.target).push_back(g);
  LATENTCELL_REQUIRE(!out.target.empty() && (!task.imputes_genes() || !out.panel.empty()),
                     "choose_genes: of the genes ", "expressed in ", least, " cells or more ", out.target.size(),
                     " are to predict and ", out.panel.size(), " in the panel");
  return out;
}

namespace detail {

/// A table's counts of some genes, all of which it must have.
inline AlignedGenes counts_of(const CellTable& cells, const std::vector<std::string>& genes, const char* which) {
  AlignedGenes out = align_genes(cells, genes);
  LATENTCELL_REQUIRE(out.missing == 0, "make_dataset: the ", which, " cells lack ", out.missing, " of the ",
                     genes.size(), " genes of the model");
  return out;
}

inline Modality modality_of(const AlignedGenes& cells, const std::string& name) {
  return {name, cells.cells.counts, std::vector<char>(to_size(cells.cells.cells()), 1), cells.cells.gene_names};
}

/// The same counts at a common depth of the panel's genes.
inline Modality scaled_by_panel(Modality m, const Counts& panel, double depth) {
  Counts scaled(m.counts.cols());
  const CountsView c = m.counts.view(), p = panel.view();
  for (Index i = 0; i < c.rows; ++i) {
    const double total = std::max(1.0, p.row_sum(i));
    for (std::size_t k = 0; k < c.row_columns(i).size(); ++k)
      scaled.push(c.row_columns(i)[k], float(double(c.row_values(i)[k]) * depth / total));
    scaled.end_row();
  }
  m.counts = std::move(scaled);
  m.scaled = true;
  return m;
}

/// The median of cells' total counts, at least 1.
inline double median_total(const Counts& counts) { return std::max(1.0, median(cell_totals(counts).counts)); }

}  // namespace detail

/// Returns a task's locations and the counts of these genes. With a panel, counts of the other genes are scaled to one
/// total of the panel's genes.
/// Throws std::invalid_argument for a gene that is not there.
inline Dataset make_dataset(const ImputationTask& task, const DatasetGenes& genes) {
  Dataset out;
  out.reference = task.reference.locations;
  out.query = task.query.locations;
  out.slices = task.reference.slices;
  out.spot = task.spot;
  out.spots_are_means = task.spots_are_means;
  out.target = detail::modality_of(detail::counts_of(task.reference.cells, genes.target, "reference"), "expression");
  if (task.truth)
    out.truth = detail::modality_of(detail::counts_of(*task.truth, genes.target, "held-out"), "expression");
  if (!task.imputes_genes()) return out;
  out.panel = detail::modality_of(detail::counts_of(task.reference.cells, genes.panel, "reference"), "panel");
  out.query_panel = detail::modality_of(detail::counts_of(task.query.cells, genes.panel, "query"), "panel");
  out.depth = genes.depth > 0 ? genes.depth : detail::median_total(out.panel.counts);
  out.target = detail::scaled_by_panel(std::move(out.target), out.panel.counts, out.depth);
  if (task.truth) out.truth = detail::scaled_by_panel(std::move(out.truth), out.query_panel.counts, out.depth);
  return out;
}

}  // namespace latentcell::spatial
