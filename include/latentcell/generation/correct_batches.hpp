#pragma once

#include <string>
#include <vector>

#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/metric/neighborhood_mixing.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/encode.hpp>

namespace latentcell {

/// The cells as they would have been counted in one batch: encoded, and drawn from the decoder as of that batch at
/// their own library sizes (what scVI's transform_batch does for means, Lopez et al. 2018).
/// An autoencoder with a batch covariate; cells (N, G), batch a code of its batches -> (N, G) with all obs
template <class Autoencoder>
CellTable transform_batch(const Autoencoder& vae, const CellTable& cells, int batch, Rng& rng) {
  LATENTCELL_REQUIRE(batch >= 0 && Index(batch) < vae.options.batches, "transform_batch: batch ", batch, " of ",
                     vae.options.batches, "; the autoencoder needs a batch covariate");
  return draw(vae, encode(vae, cells), rng, {.batch_codes = std::vector<int>(to_size(cells.cells()), batch)});
}

/// How far batches are mixed and labels kept apart in a set of points.
struct BatchMixing {
  double batches = 0;  ///< mixing of batches within labels, 0 apart to 1 as at random, mean over the cells
  double labels = 0;   ///< share of a point's neighbors that have its label
};

/// x (N, D), batch and label (N), negative where missing. Mixing is measured within each label of at least twice
/// `neighbors` cells and two batches, so that batches with other shares of the labels are not asked to mix them.
inline BatchMixing batch_mixing(ConstView<float> x, const std::vector<int>& batch, const std::vector<int>& label,
                                Index neighbors = 15) {
  BatchMixing out;
  out.labels = metric::neighborhood_mixing(x, label, neighbors).purity;
  const int most = label.empty() ? -1 : *std::max_element(label.begin(), label.end());
  double cells = 0;
  for (int l = 0; l <= most; ++l) {
    std::vector<Index> rows;
    std::vector<int> codes;
    for (std::size_t i = 0; i < label.size(); ++i) {
      if (label[i] != l || batch[i] < 0) continue;
      rows.push_back(Index(i));
      codes.push_back(batch[i]);
    }
    if (Index(rows.size()) < 2 * neighbors) continue;
    if (std::all_of(codes.begin(), codes.end(), [&](int c) { return c == codes.front(); })) continue;
    Matrix<float> own(Index(rows.size()), x.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) own.row(Index(i)) = x.row(rows[i]);
    const double n = double(rows.size());
    out.batches +=
        n * metric::neighborhood_mixing(ConstView<float>(own.data(), own.rows(), own.cols()), codes, neighbors).mixing;
    cells += n;
  }
  LATENTCELL_REQUIRE(cells > 0, "batch_mixing: no label has ", 2 * neighbors, " cells and two batches");
  out.batches /= cells;
  return out;
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

}  // namespace latentcell
