#pragma once

#include <string>
#include <vector>

#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/encode.hpp>

namespace latentcell::generation {

/// The cells as they would have been counted in one batch: encoded, and drawn from the decoder as of that batch at
/// their own library sizes (what scVI's transform_batch does for means, Lopez et al. 2018).
/// An autoencoder with a batch covariate; cells (N, G), batch a code of its batches -> (N, G) with all obs
template <class Autoencoder>
CellTable transform_batch(const Autoencoder& vae, const CellTable& cells, int batch, Rng& rng) {
  LATENTCELL_REQUIRE(batch >= 0 && Index(batch) < vae.options.batches, "transform_batch: batch ", batch, " of ",
                     vae.options.batches, "; the autoencoder needs a batch covariate");
  return draw(vae, encode(vae, cells), rng, {.batch_codes = std::vector<int>(to_size(cells.cells()), batch)});
}

/// Takes the mean of the rows of one code off them.     x (N, D), codes (N)
inline void centre_rows(Matrix<float>& x, const std::vector<int>& codes, int code) {
  RowVector<double> mean = RowVector<double>::Zero(x.cols());
  double n = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    if (codes[to_size(i)] != code) continue;
    for (Index j = 0; j < x.cols(); ++j) mean(j) += double(x(i, j));
    n += 1;
  }
  for (Index i = 0; i < x.rows() && n > 0; ++i) {
    if (codes[to_size(i)] == code) x.row(i) -= (mean / n).cast<float>();
  }
}

/// The first principal components of log1p(CP10K) of some cells.     cells (N, G) -> (N, components at most)
inline Matrix<float> log_pca(const CellTable& cells, Index components, Rng& rng) {
  const Counts logged = kernel::log_normalize(cells.counts.view());
  const Index k = std::min({components, cells.cells() - 1, cells.genes()});
  return kernel::project(kernel::fit_pca(logged.view(), {.components = k}, rng), logged.view());
}

}  // namespace latentcell::generation
