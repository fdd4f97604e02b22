#pragma once

#include <string>
#include <vector>

#include "scatter.hpp"

// The picture of impute_spatial.

namespace plots {

/// Genes over the tissue: reference cells, held-out ones, and two predictions of these.
struct ImputedGenes {
  const std::vector<std::string>& genes;
  const lc::Matrix<float>&reference_at, &reference;  ///< (N, 2), (N, G)
  const std::vector<int>& reference_slice;           ///< (N)
  const lc::Matrix<float>&at, &truth;                ///< (M, 2), (M, G) held out
  const lc::Matrix<float>&predicted, &baseline;      ///< (M, G)
  std::string baseline_name;
  int slice;  ///< of the held-out cells
};

/// Genes whose truth varies, with the correlation of their prediction, the best first.
struct RankedGene {
  Index gene;
  double r;
};
std::vector<RankedGene> rank_genes(const ImputedGenes& of);

/// Three genes, the best, the median and the worst predicted: reference, truth, the model's prediction and a
/// baseline's, in one colour scale a row, one scale of length. Writes folder/genes.png and .pdf; what fails is a note.
void imputed_genes(const std::string& folder, const ImputedGenes& of);

}  // namespace plots
