#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/streamed_table.hpp>
#include <latentcell/latent/for_each_decoded.hpp>
#include <latentcell/likelihood/likelihood_concept.hpp>
#include <latentcell/op/gaussian.hpp>

namespace LATENTCELL_NAMESPACE::generation {

namespace detail {

// Mean counts per cell below which gradients leave a gene's dispersion near its start, and above which they fit it.
inline constexpr double undetermined_mean = 0.3, determined_mean = 1.0;

/// Sums over cells, one number per gene.
struct ExcessVariance {
  std::vector<double> observed;   ///< (x - mu)^2 - mu
  std::vector<double> predicted;  ///< mu^2 / theta
  std::vector<double> error;      ///< standard error of `observed`
  std::vector<double> mean;       ///< mu, mean over the cells
};

/// Factors on 1 / theta: observed over predicted excess variance, one for all genes of similar mean, fading out to 1 at
/// `determined_mean`.     -> (G)
inline std::vector<double> dispersion_factors(const ExcessVariance& excess) {
  const std::vector<double>& mean = excess.mean;
  const std::size_t genes = mean.size();
  std::vector<std::size_t> order(genes);
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return mean[a] < mean[b]; });
  std::vector<double> factor(genes, 1.0);
  constexpr std::size_t block = 200;  // genes that share a factor
  for (std::size_t first = 0, last = 0; first < genes; first = last) {
    last = genes - first < 2 * block ? genes : first + block;
    double above = 0, below = 0;
    for (std::size_t i = first; i < last; ++i) {
      // In units of each gene's own error, so that no gene's excess outweighs the others'.
      const std::size_t g = order[i];
      above += excess.observed[g] / std::max(1e-12, excess.error[g]);
      below += excess.predicted[g] / std::max(1e-12, excess.error[g]);
    }
    const double ratio = std::clamp(below > 0 ? above / below : 1.0, 0.02, 5.0);
    for (std::size_t i = first; i < last; ++i) {
      const double m = std::clamp(mean[order[i]], undetermined_mean, determined_mean);
      factor[order[i]] = std::pow(ratio, std::log(determined_mean / m) / std::log(determined_mean / undetermined_mean));
    }
  }
  return factor;
}

/// Observed and predicted excess variance of each gene, with mu from the decoder at posterior draws.
template <class T, class Likelihood, TableOfCells Cells>
ExcessVariance excess_variance(const Vae<T, Likelihood>& vae, const Cells& cells,
                               const std::vector<int>& batch_covariate, Rng& rng) {
  const Index genes = vae.genes();
  const std::vector<double> zero(to_size(genes), 0.0);
  ExcessVariance out{zero, zero, zero, zero};
  auto source = batches_over(cells, {.batch = 256, .batch_covariate = batch_covariate});  // in order
  Tape<T> tape(Mode::no_gradient);
  CellBatch batch;
  std::vector<double> x(to_size(genes));
  while (source.next(batch)) {
    tape.reset(Mode::no_gradient, rng.fork());
    const Posterior<T> q = vae.encode(tape, batch);
    const Matrix<float> z = reparameterize(q.mean, q.log_variance).value().template cast<float>();
    const auto add = [&](Index b, const T* mu, const T* log_theta) {
      std::fill(x.begin(), x.end(), 0.0);
      const auto c = batch.counts.row_columns(b);
      const auto v = batch.counts.row_values(b);
      for (std::size_t k = 0; k < c.size(); ++k) x[std::size_t(c[k])] = double(v[k]);
      for (std::size_t g = 0; g < to_size(genes); ++g) {
        const double m = double(mu[g]), gap = x[g] - m, alpha = std::exp(-double(log_theta[g]));
        const double variance = m + m * m * alpha;
        out.observed[g] += gap * gap - m;
        out.predicted[g] += m * m * alpha;
        out.error[g] += 2 * variance * variance + variance;
        out.mean[g] += m;
      }
    };
    for_each_decoded(vae, z, batch.library, add, batch.batch_covariate);
  }
  for (double& e : out.error) e = std::sqrt(e);
  for (double& m : out.mean) m /= double(std::max<Index>(1, cells.cells()));
  return out;
}

}  // namespace detail

/// Scales the dispersions of rarely detected genes to their counts: 1 / theta of genes of similar mean is multiplied by
/// the ratio of observed to predicted excess variance, sum((x - mu)^2 - mu) to sum(mu^2 / theta). Because gradients of
/// such genes are mostly noise, training leaves their dispersion near its start.
/// Genes with more than one count per cell keep their dispersion.
/// cells: the training cells, in memory or read in one pass; batch_covariate (N) or empty
template <class T, DispersedLikelihood Likelihood, TableOfCells Cells>
void calibrate_dispersion(Vae<T, Likelihood>& vae, const Cells& cells, const std::vector<int>& batch_covariate,
                          Rng& rng) {
  const std::vector<double> factor =
      detail::dispersion_factors(detail::excess_variance(vae, cells, batch_covariate, rng));
  for (Index g = 0; g < vae.genes(); ++g) {
    const T shift = T(-std::log(factor[to_size(g)]));
    if (vae.likelihood.cell_dispersion()) {
      vae.heads[1].bias.value(0, g) += shift;
    } else {
      vae.likelihood.log_theta.value.col(g).array() += shift;
    }
  }
}

}  // namespace latentcell::generation
