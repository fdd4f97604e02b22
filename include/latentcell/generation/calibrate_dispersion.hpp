#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/minibatch.hpp>

namespace latentcell::generation {

namespace detail {

// Mean counts a cell at which a gene's own gradients have begun to tell its dispersion, and have told it.
inline constexpr double rarely_seen = 0.3, often_seen = 1.0;

// Factors on 1 / theta: observed over predicted excess variance, one for all genes of like mean, fading out where genes
// are seen often.      mean (G) per cell
inline std::vector<double> dispersion_factors(const std::vector<double>& observed, const std::vector<double>& predicted,
                                              const std::vector<double>& error, const std::vector<double>& mean) {
  const std::size_t genes = mean.size();
  std::vector<std::size_t> order(genes);
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return mean[a] < mean[b]; });
  std::vector<double> factor(genes, 1.0);
  constexpr std::size_t like = 200;  // genes that share a factor
  for (std::size_t first = 0, last = 0; first < genes; first = last) {
    last = genes - first < 2 * like ? genes : first + like;
    double above = 0, below = 0;
    for (std::size_t i = first; i < last; ++i) {
      // In units of each gene's own error, so that no gene's excess outweighs the others'.
      above += observed[order[i]] / std::max(1e-12, error[order[i]]);
      below += predicted[order[i]] / std::max(1e-12, error[order[i]]);
    }
    const double trend = std::clamp(below > 0 ? above / below : 1.0, 0.02, 5.0);
    for (std::size_t i = first; i < last; ++i) {
      const double m = std::clamp(mean[order[i]], rarely_seen, often_seen);
      factor[order[i]] = std::pow(trend, std::log(often_seen / m) / std::log(often_seen / rarely_seen));
    }
  }
  return factor;
}

}  // namespace detail

/// Brings the dispersions of rarely seen genes in line with their counts: with mu from the decoder at posterior draws,
/// 1 / theta of genes of like mean is multiplied by the ratio of sum((x - mu)^2 - mu) to its prediction
/// sum(mu^2 / theta). Gradients of such genes are mostly noise, so training leaves their dispersion near its start.
/// Genes with more than one count a cell stay as they are, as do families other than the negative binomials. cells:
/// those the model was trained on
template <class T, class Likelihood>
void calibrate_dispersion(Vae<T, Likelihood>& vae, const CellTable& cells, const std::vector<int>& batch_codes,
                          Rng& rng) {
  if constexpr (!counts_molecules(Likelihood::family) || !Likelihood::has_dispersion) return;
  const Index genes = vae.genes();
  std::vector<double> observed(to_size(genes)), predicted(to_size(genes)), error(to_size(genes)), mean(to_size(genes));
  CellBatches source(cells, {.batch = 256, .codes = batch_codes});
  Tape<T> tape(Mode::no_gradient);
  CellBatch batch;
  std::vector<T> mu(to_size(genes)), x(to_size(genes));
  while (source.next(batch)) {
    tape.reset(Mode::no_gradient, rng.fork());
    const Posterior<T> q = vae.encode(tape, batch);
    const std::vector<Var<T>> out = vae.decode(tape, reparameterize(q.mean, q.log_variance), batch.batch);
    const CountPredictors<T> p = vae.predictors(tape, out, batch.batch);
    for (Index b = 0; b < batch.size(); ++b) {
      kernel::count_means(vae.options.link, p.eta.value().data() + b * genes, T(batch.library[to_size(b)]), genes,
                          mu.data());
      std::fill(x.begin(), x.end(), T(0));
      const auto c = batch.counts.row_columns(b);
      const auto v = batch.counts.row_values(b);
      for (std::size_t k = 0; k < c.size(); ++k) x[std::size_t(c[k])] = T(v[k]);
      const T* log_theta = p.log_theta.value().data() + (p.log_theta.rows() == 1 ? 0 : b * genes);
      for (std::size_t g = 0; g < to_size(genes); ++g) {
        const double m = double(mu[g]), gap = double(x[g]) - m, alpha = std::exp(-double(log_theta[g]));
        const double variance = m + m * m * alpha;
        observed[g] += gap * gap - m;
        predicted[g] += m * m * alpha;
        error[g] += 2 * variance * variance + variance;
        mean[g] += m;
      }
    }
  }
  for (double& e : error) e = std::sqrt(e);
  for (double& m : mean) m /= double(std::max<Index>(1, cells.cells()));
  const std::vector<double> factor = detail::dispersion_factors(observed, predicted, error, mean);
  for (Index g = 0; g < genes; ++g) {
    const T shift = T(-std::log(factor[to_size(g)]));
    if (vae.likelihood.cell_dispersion()) {
      vae.heads[1].bias.value(0, g) += shift;
    } else {
      vae.likelihood.log_theta.value.col(g).array() += shift;
    }
  }
}

}  // namespace latentcell::generation
