#pragma once

#include <vector>

#include <latentcell/latent/for_each_decoded.hpp>

namespace LATENTCELL_NAMESPACE {

/// Expected counts of each gene, summed over each group of cells.     latents (N, D), codes (N) -> (groups, G)
template <class Autoencoder>
Matrix<double> expected_counts(const Autoencoder& model, const LatentTable& latents, const std::vector<int>& codes,
                               Index groups) {
  LATENTCELL_REQUIRE(Index(codes.size()) == latents.cells(), "expected_counts: ", codes.size(), " codes for ",
                     latents.cells(), " cells");
  Matrix<double> out = Matrix<double>::Zero(groups, model.genes());
  for_each_decoded(model, latents, [&](Index i, const auto* mean, const auto*) {
    const int code = codes[to_size(i)];
    LATENTCELL_REQUIRE(code >= 0 && code < groups, "expected_counts: group ", code, " of ", groups);
    for (Index k = 0; k < out.cols(); ++k) out(code, k) += double(mean[k]);
  });
  return out;
}

}  // namespace latentcell
