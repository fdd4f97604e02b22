#pragma once

#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/latent/group_moments.hpp>

namespace latentcell {

/// What a generator gets wrong about groups of cells, gene by gene: (counts seen + belief) / (counts expected +
/// belief), the expected ones at the real cells' total, the posterior mean of a factor with a gamma prior around 1. A
/// gene with few counts keeps a factor near 1, and so do all of a group that has no real or no made cells.
/// real (N, G) with codes (N), negative where missing; made: latents (M, D) with codes (M) -> (groups, G), all above 0
template <class Autoencoder>
Matrix<float> group_gene_scales(const Autoencoder& vae, const CellTable& real, const std::vector<int>& real_codes,
                                const LatentTable& made, const std::vector<int>& made_codes, Index groups,
                                double belief) {
  LATENTCELL_REQUIRE(belief > 0, "group_gene_scales: belief must be positive, got ", belief);
  LATENTCELL_REQUIRE(Index(real_codes.size()) == real.cells() && Index(made_codes.size()) == made.cells(),
                     "group_gene_scales: ", real.cells(), " and ", made.cells(), " cells but ", real_codes.size(),
                     " and ", made_codes.size(), " codes");
  for (const std::vector<int>* codes : {&real_codes, &made_codes}) {
    for (const int code : *codes)
      LATENTCELL_REQUIRE(code < groups && (code >= 0 || codes == &real_codes), "group_gene_scales: group ", code,
                         " of ", groups);
  }
  const Matrix<double> seen = detail::GroupMoments(real.counts.view(), real_codes, groups).total;
  Matrix<double> expected = detail::expected_counts(vae, made, made_codes, groups);
  for (Index k = 0; k < groups; ++k) {
    const double of_seen = seen.row(k).sum(), of_expected = expected.row(k).sum();
    expected.row(k) =
        of_seen > 0 && of_expected > 0 ? (expected.row(k) * (of_seen / of_expected)).eval() : seen.row(k).eval();
  }
  return ((seen.array() + belief) / (expected.array() + belief)).template cast<float>().matrix();
}

/// What the decoder gets wrong about groups of cells, gene by gene, learned on cells before a change and carried over
/// to the same cells after it: (counts seen + belief) / (counts expected + belief), the posterior mean of a factor with
/// a gamma prior around 1, on the part of a gene's level that was there before. A gene with few counts keeps a factor
/// near 1, and so does one that the change raises far above where it was. cells (N, G), before and after (N, D) latents
/// of the same cells, codes (N) of groups -> (groups, G), all above 0
template <class Autoencoder>
Matrix<float> shifted_gene_scales(const Autoencoder& vae, const CellTable& cells, const LatentTable& before,
                                  const LatentTable& after, const std::vector<int>& codes, Index groups,
                                  double belief) {
  const Index n = cells.cells();
  LATENTCELL_REQUIRE(belief > 0, "shifted_gene_scales: belief must be positive, got ", belief);
  LATENTCELL_REQUIRE(n == before.cells() && n == after.cells() && Index(codes.size()) == n, "shifted_gene_scales: ", n,
                     " cells, ", before.cells(), " and ", after.cells(), " latents and ", codes.size(), " codes");
  for (const int code : codes)
    LATENTCELL_REQUIRE(code >= 0 && code < groups, "shifted_gene_scales: group ", code, " of ", groups);
  const Matrix<double> seen = detail::GroupMoments(cells.counts.view(), codes, groups).total;
  const Matrix<double> was = detail::expected_counts(vae, before, codes, groups);
  const Matrix<double> is = detail::expected_counts(vae, after, codes, groups);
  const auto factor = (seen.array() + belief) / (was.array() + belief);
  return (1 + (factor - 1) * (was.array() / is.array().max(1e-12)).min(1.0)).template cast<float>().matrix();
}

}  // namespace latentcell
