#pragma once

#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/pipeline/draw.hpp>

namespace latentcell {

namespace detail {

/// Expected counts of each gene in each group of cells.     latents (N, D), codes (N) -> (groups, G)
template <class Autoencoder>
Matrix<double> expected_counts(const Autoencoder& vae, const LatentTable& latents, const std::vector<int>& codes,
                               Index groups) {
  using T = typename Autoencoder::Scalar;
  const Index genes = vae.genes();
  Matrix<double> out = Matrix<double>::Zero(groups, genes);
  Tape<T> tape(Mode::no_gradient);
  std::vector<T> mean(to_size(genes));
  constexpr Index block = 256;
  for (Index first = 0; first < latents.cells(); first += block) {
    const Index count = std::min(block, latents.cells() - first);
    tape.reset();
    const Matrix<T> z = latents.mean.middleRows(first, count).template cast<T>();
    const std::vector<Var<T>> heads = vae.decode(tape, tape.constant(view(z)), {});
    for (Index i = 0; i < count; ++i) {
      kernel::count_means(vae.options.link, heads.front().value().data() + i * genes,
                          T(latents.library[to_size(first + i)]), genes, mean.data());
      double* const to = out.row(codes[to_size(first + i)]).data();
      for (Index g = 0; g < genes; ++g) to[g] += double(mean[to_size(g)]);
    }
  }
  return out;
}

/// Counts of each gene in each group of cells; a negative code is in none.     counts (N, G), codes (N) -> (groups, G)
inline Matrix<double> seen_counts(const CountsView& counts, const std::vector<int>& codes, Index groups) {
  Matrix<double> seen = Matrix<double>::Zero(groups, counts.cols);
  for (Index i = 0; i < counts.rows; ++i) {
    if (codes[to_size(i)] < 0) continue;
    for (std::size_t k = 0; k < counts.row_columns(i).size(); ++k)
      seen(codes[to_size(i)], counts.row_columns(i)[k]) += double(counts.row_values(i)[k]);
  }
  return seen;
}

}  // namespace detail

/// What a generator gets wrong about groups of cells, gene by gene: (counts seen + belief) / (counts expected +
/// belief), the expected ones at the real cells' total, the posterior mean of a factor with a gamma prior around 1. A
/// gene with few counts keeps a factor near 1, and so do all of a group that has no real or no made cells.
/// real (N, G) with codes (N), negative where missing; made: latents (M, D) with codes (M) -> (groups, G), all above 0
template <class Autoencoder>
Matrix<float> group_factors(const Autoencoder& vae, const CellTable& real, const std::vector<int>& real_codes,
                            const LatentTable& made, const std::vector<int>& made_codes, Index groups, double belief) {
  LATENTCELL_REQUIRE(belief > 0, "group_factors: belief must be positive, got ", belief);
  LATENTCELL_REQUIRE(Index(real_codes.size()) == real.cells() && Index(made_codes.size()) == made.cells(),
                     "group_factors: ", real.cells(), " and ", made.cells(), " cells but ", real_codes.size(), " and ",
                     made_codes.size(), " codes");
  for (const std::vector<int>* codes : {&real_codes, &made_codes}) {
    for (const int code : *codes)
      LATENTCELL_REQUIRE(code < groups && (code >= 0 || codes == &real_codes), "group_factors: group ", code, " of ",
                         groups);
  }
  const Matrix<double> seen = detail::seen_counts(real.counts.view(), real_codes, groups);
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
Matrix<float> residual_factors(const Autoencoder& vae, const CellTable& cells, const LatentTable& before,
                               const LatentTable& after, const std::vector<int>& codes, Index groups, double belief) {
  const Index n = cells.cells();
  LATENTCELL_REQUIRE(belief > 0, "residual_factors: belief must be positive, got ", belief);
  LATENTCELL_REQUIRE(n == before.cells() && n == after.cells() && Index(codes.size()) == n, "residual_factors: ", n,
                     " cells, ", before.cells(), " and ", after.cells(), " latents and ", codes.size(), " codes");
  for (const int code : codes)
    LATENTCELL_REQUIRE(code >= 0 && code < groups, "residual_factors: group ", code, " of ", groups);
  const Matrix<double> seen = detail::seen_counts(cells.counts.view(), codes, groups);
  const Matrix<double> was = detail::expected_counts(vae, before, codes, groups);
  const Matrix<double> is = detail::expected_counts(vae, after, codes, groups);
  const auto factor = (seen.array() + belief) / (was.array() + belief);
  return (1 + (factor - 1) * (was.array() / is.array().max(1e-12)).min(1.0)).template cast<float>().matrix();
}

}  // namespace latentcell
