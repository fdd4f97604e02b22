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

}  // namespace detail

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
  Matrix<double> seen = Matrix<double>::Zero(groups, vae.genes());
  const CountsView counts = cells.counts.view();
  for (Index i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < counts.row_columns(i).size(); ++k) {
      seen(codes[to_size(i)], counts.row_columns(i)[k]) += double(counts.row_values(i)[k]);
    }
  }
  const Matrix<double> was = detail::expected_counts(vae, before, codes, groups);
  const Matrix<double> is = detail::expected_counts(vae, after, codes, groups);
  const auto factor = (seen.array() + belief) / (was.array() + belief);
  return (1 + (factor - 1) * (was.array() / is.array().max(1e-12)).min(1.0)).template cast<float>().matrix();
}

}  // namespace latentcell
