#pragma once

#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/latent/group_moments.hpp>

namespace LATENTCELL_NAMESPACE {

struct GeneScaleOptions {
  Index groups = 1;  ///< of the codes, at least 1
  double pseudo_count =
      1;  ///< counts of a gene in a group, above 0, at which its factor is half-way. Larger: nearer to 1

  static void visit(auto& self, auto&& f) {
    f("groups", self.groups, at_least(1));
    f("pseudo_count", self.pseudo_count, above(0));
  }
};

/// Returns a factor per group and gene that brings generated cells to the mean of the real ones: (counts observed +
/// pseudo_count) / (counts expected + pseudo_count), the expected ones at the real cells' total, the posterior mean of
/// a factor with a gamma prior around 1. A gene with few counts keeps a factor near 1, and so do all of a group that
/// has no real or no generated cells.
/// real (N, G) with codes (N), negative where missing; generated: latents (M, D) with codes (M) -> (groups, G), above 0
template <class Autoencoder>
Matrix<float> group_gene_scales(const Autoencoder& vae, const CountRows& real, const std::vector<int>& real_codes,
                                const LatentTable& generated, const std::vector<int>& generated_codes,
                                const GeneScaleOptions& o) {
  const Index groups = check_options("group_gene_scales", o).groups;
  const double pseudo_count = o.pseudo_count;
  LATENTCELL_REQUIRE(real.cols() == vae.genes(), "group_gene_scales: cells with ", real.cols(),
                     " genes but the model has ", vae.genes());
  LATENTCELL_REQUIRE(Index(real_codes.size()) == real.rows() && Index(generated_codes.size()) == generated.cells(),
                     "group_gene_scales: ", real.rows(), " and ", generated.cells(), " cells but ", real_codes.size(),
                     " and ", generated_codes.size(), " codes");
  for (const std::vector<int>* codes : {&real_codes, &generated_codes}) {
    for (const int code : *codes)
      LATENTCELL_REQUIRE(code < groups && (code >= 0 || codes == &real_codes), "group_gene_scales: group ", code,
                         " of ", groups);
  }
  const Matrix<double> observed = GroupMoments(real, real_codes, groups).total;
  Matrix<double> expected = expected_counts(vae, generated, generated_codes, groups);
  for (Index k = 0; k < groups; ++k) {
    const double observed_total = observed.row(k).sum(), expected_total = expected.row(k).sum();
    expected.row(k) = observed_total > 0 && expected_total > 0
                          ? (expected.row(k) * (observed_total / expected_total)).eval()
                          : observed.row(k).eval();
  }
  return ((observed.array() + pseudo_count) / (expected.array() + pseudo_count)).template cast<float>().matrix();
}

/// Returns a factor per group and gene that corrects the decoder's mean, estimated on cells before a change and applied
/// to the same cells after it: (counts observed + pseudo_count) / (counts expected + pseudo_count), the posterior mean
/// of a factor with a gamma prior around 1, on the part of a gene's level that was there before. A gene with few counts
/// keeps a factor near 1, and so does one that the change raises far above where it was.
/// cells (N, G), before and after: latents (N, D) of the same cells, codes (N) of groups -> (groups, G), all above 0
template <class Autoencoder>
Matrix<float> shifted_gene_scales(const Autoencoder& vae, const CellTable& cells, const LatentTable& before,
                                  const LatentTable& after, const std::vector<int>& codes, const GeneScaleOptions& o) {
  const Index groups = check_options("shifted_gene_scales", o).groups;
  const double pseudo_count = o.pseudo_count;
  const Index n = cells.cells();
  LATENTCELL_REQUIRE(cells.genes() == vae.genes(), "shifted_gene_scales: cells with ", cells.genes(),
                     " genes but the model has ", vae.genes());
  LATENTCELL_REQUIRE(n == before.cells() && n == after.cells() && Index(codes.size()) == n, "shifted_gene_scales: ", n,
                     " cells, ", before.cells(), " and ", after.cells(), " latents and ", codes.size(), " codes");
  for (const int code : codes)
    LATENTCELL_REQUIRE(code >= 0 && code < groups, "shifted_gene_scales: group ", code, " of ", groups);
  const Matrix<double> observed = GroupMoments(cells.counts.view(), codes, groups).total;
  const Matrix<double> was = expected_counts(vae, before, codes, groups);
  const Matrix<double> is = expected_counts(vae, after, codes, groups);
  const auto factor = (observed.array() + pseudo_count) / (was.array() + pseudo_count);
  return (1 + (factor - 1) * (was.array() / is.array().max(1e-12)).min(1.0)).template cast<float>().matrix();
}

}  // namespace latentcell
