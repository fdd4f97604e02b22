#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/autoencoder/autoencoder.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/op/gaussian.hpp>

namespace LATENTCELL_NAMESPACE {

/// log p(x | z) of each cell at its posterior mean, and the KL term of the ELBO.
struct CellLikelihood {
  std::vector<double> log_prob;  ///< (N) nats, log p(x | z) at the posterior mean
  double mean_log_prob = 0;      ///< over the cells
  double mean_kl = 0;            ///< KL to the standard normal, over the cells
};

/// batch_covariate (N) or empty
template <Autoencoder Model>
CellLikelihood cell_likelihood(const Model& vae, const CellTable& cells, const std::vector<int>& batch_covariate = {}) {
  using T = typename Model::Scalar;
  CellLikelihood out;
  CellBatches source(cells, {.batch = 256, .batch_covariate = batch_covariate});
  Tape<T> tape(Mode::no_gradient);
  CellBatch batch;
  const double n = double(std::max<Index>(1, cells.cells()));
  while (source.next(batch)) {
    tape.reset();
    const Posterior<T> q = vae.encode(tape, batch);
    std::vector<T> weight(to_size(batch.size()), T(1)), log_prob(to_size(batch.size()));
    (void)vae.nll_of(tape, q.mean, batch, weight, log_prob.data());
    for (T value : log_prob) {
      out.log_prob.push_back(double(value));
      out.mean_log_prob += double(value) / n;
    }
    if (!q.log_variance.empty())
      out.mean_kl += double(kl_standard_normal(q.mean, q.log_variance).item()) * double(batch.size()) / n;
  }
  return out;
}

}  // namespace latentcell
