#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/metric/pearson.hpp>

#include "scatter.hpp"

// The picture of impute_spatial.

namespace plots {

/// Genes over the tissue: reference cells, held-out ones, and two predictions of these.
struct ImputedGenes {
  const std::vector<std::string>& genes;
  const lc::Matrix<float>&reference_at, &reference;  ///< (N, 2), (N, G)
  const std::vector<int>& reference_slice;           ///< (N)
  const lc::Matrix<float>&at, &truth;                ///< (M, 2), (M, G) held out
  const lc::Matrix<float>&predicted, &kriged;        ///< (M, G)
  int slice;                                         ///< of the held-out cells
};

/// Correlation of a gene with its truth; 0 where either does not vary.
double gene_correlation(const lc::Matrix<float>& x, const lc::Matrix<float>& truth, Index gene);

/// One gene over the tissue. Axes have equal units.
/// values (N, G), at (N, 2), rows: to show
void tissue_panel(Gnuplot& g, const std::string& title, const lc::Matrix<float>& at, const lc::Matrix<float>& values,
                  Index gene, const std::vector<Index>& rows);

/// Three genes, the best, the median and the worst predicted: reference, truth, the model's prediction and kriging, in
/// one colour scale a row. Writes folder/genes.png.
void imputed_genes(const std::string& folder, const ImputedGenes& of);

}  // namespace plots
