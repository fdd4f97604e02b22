#pragma once

#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/metric/neighbor_votes.hpp>

namespace LATENTCELL_NAMESPACE::evaluate::baseline {

/// The cells that principal components are fitted to.
enum class ComponentsOf {
  reference,  ///< query cells are projected
  both,       ///< reference and query cells together
};

/// Settings of knn_labels.
struct KnnLabelsOptions {
  Index components = 30;                      ///< at least 1. Larger: finer structure, more noise
  Index neighbors = 15;                       ///< that vote, at least 1. Larger: smoother
  ComponentsOf of = ComponentsOf::reference;  ///< both: differences between the two data sets have a part in the
                                              ///< components

  static void visit(auto& self, auto&& f) {
    f("components", self.components, at_least(1));
    f("neighbors", self.neighbors, at_least(1));
    f("of", self.of);
  }
};

/// Labelled cells.
struct LabelledCells {
  const CellTable& cells;
  const std::vector<int>& codes;  ///< (N) in [0, labels), negative where missing: such cells do not vote
  Index labels = 0;
};

/// Predicts labels by the vote of the nearest reference cells, in principal components of log1p(CP10K) over the genes
/// that the query cells have counts of.
/// query (M, G') -> (M)
/// Throws std::invalid_argument where no more than `neighbors` reference cells have a label.
inline std::vector<int> knn_labels(const LabelledCells& reference, const CellTable& query, const KnnLabelsOptions& o,
                                   Rng& rng) {
  check_options("knn_labels", o);
  const AlignedGenes aligned = align_genes(query, reference.cells.gene_names);
  const std::vector<Index> detected = gene_totals(aligned.cells.counts).detected;
  std::vector<Index> shared, rows;
  std::vector<int> codes;
  for (Index g = 0; g < reference.cells.genes(); ++g) {
    if (detected[to_size(g)] > 0) shared.push_back(g);
  }
  for (Index i = 0; i < reference.cells.cells(); ++i) {
    const int code = reference.codes[to_size(i)];
    if (code < 0) continue;
    rows.push_back(i);
    codes.push_back(code);
  }
  LATENTCELL_REQUIRE(Index(rows.size()) > o.neighbors, "knn_labels: ", rows.size(),
                     " reference cells have a label, fewer than ", o.neighbors + 1);
  const auto logged = [&](const CellTable& of) { return kernel::log_normalize(of.select_genes(shared).counts.view()); };
  const Counts labelled = logged(reference.cells.select_cells(rows)), unlabelled = logged(aligned.cells);
  Counts fitted = labelled;
  if (o.of == ComponentsOf::both) {
    for (Index i = 0; i < unlabelled.rows(); ++i) fitted.push_row(unlabelled.view(), i);
  }
  const kernel::LogPca pca = kernel::LogPca::fit_logged(fitted.view(), o.components, rng);
  const Matrix<float> among = pca.project_logged(labelled.view()), at = pca.project_logged(unlabelled.view());
  const kernel::Neighbors near = kernel::nearest_neighbors(view(at), view(among), o.neighbors);
  return metric::neighbor_votes(near, codes, reference.labels).label;
}

}  // namespace latentcell::evaluate::baseline
