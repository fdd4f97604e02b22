#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/metric/label_scores.hpp>
#include <latentcell/metric/neighbor_votes.hpp>

namespace latentcell::mapping {

/// Where principal components of the floors come from.
enum class ComponentsOf {
  reference,  ///< the reference cells: new ones are projected
  both,       ///< reference and new cells together
};

struct NearestLabelsOptions {
  Index components = 30;
  Index neighbors = 15;  ///< that vote
  ComponentsOf of = ComponentsOf::reference;
};

/// The floor of transfer: labels by the vote of the nearest reference cells in principal components of log1p(CP10K)
/// over the shared genes.     reference (N, G) with codes (N), negative where missing; cells (M, G') -> (M)
inline std::vector<int> nearest_labels(const CellTable& reference, const std::vector<int>& codes, Index labels,
                                       const CellTable& cells, const NearestLabelsOptions& o, Rng& rng) {
  const AlignedGenes theirs = align_genes(cells, reference.gene_names);
  const std::vector<Index> detected = gene_totals(theirs.cells.counts).detected;
  std::vector<Index> shared, rows;
  for (Index g = 0; g < reference.genes(); ++g) {
    if (detected[to_size(g)] > 0) shared.push_back(g);
  }
  for (Index i = 0; i < reference.cells(); ++i) {
    if (codes[to_size(i)] >= 0) rows.push_back(i);
  }
  LATENTCELL_REQUIRE(Index(rows.size()) > o.neighbors, "nearest_labels: ", rows.size(),
                     " reference cells have a label, fewer than ", o.neighbors + 1);
  const auto logged = [&](const CellTable& of) { return kernel::log_normalize(of.select_genes(shared).counts.view()); };
  const Counts known = logged(reference.select_cells(rows)), asked = logged(theirs.cells);
  Counts all = known;
  if (o.of == ComponentsOf::both) {
    for (Index i = 0; i < asked.rows(); ++i) all.push_row(asked.view(), i);
  }
  const Index k = std::min({o.components, all.rows() - 1, all.cols()});
  const kernel::Pca<float> pca = kernel::fit_pca(all.view(), {.components = k}, rng);
  const Matrix<float> at = kernel::project(pca, known.view()), to = kernel::project(pca, asked.view());
  const kernel::Neighbors near = kernel::nearest_neighbors(view(to), view(at), o.neighbors);
  std::vector<int> of_row;
  for (const Index r : rows) of_row.push_back(codes[to_size(r)]);
  return metric::neighbor_votes(near, of_row, labels).label;
}

/// How well one way labels the new cells.
struct TransferScore {
  std::string who;
  metric::LabelScores scores;
};

}  // namespace latentcell::mapping
