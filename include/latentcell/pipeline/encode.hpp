#pragma once

#include <cmath>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/minibatch.hpp>

namespace latentcell {

/// Posterior mean and standard deviation of every cell, in the order of the table, with names and obs columns.
/// cells (N, G) -> mean, deviation (N, D)
template <class T, class Likelihood>
LatentTable encode(const Vae<T, Likelihood>& vae, const CellTable& cells) {
  LATENTCELL_REQUIRE(cells.genes() == vae.genes(), "encode: cells with ", cells.genes(), " genes but the model has ",
                     vae.genes());
  LatentTable out;
  out.mean.resize(cells.cells(), vae.latent());
  out.deviation.resize(cells.cells(), vae.latent());
  out.cell_names = cells.cell_names;
  out.cell_columns = cells.cell_columns;
  CellBatches source(cells, {.batch = 512});
  Tape<T> tape(Mode::no_gradient);
  CellBatch batch;
  for (Index first = 0; source.next(batch); first += batch.size()) {
    tape.reset();
    const Posterior<T> q = vae.encode(tape, batch);
    out.mean.middleRows(first, batch.size()) = q.mean.value().template cast<float>();
    out.deviation.middleRows(first, batch.size()) =
        (q.log_variance.value().array() * T(0.5)).exp().template cast<float>();
    out.library.insert(out.library.end(), batch.library.begin(), batch.library.end());
  }
  return out;
}

/// log p(x | z) of each cell at its posterior mean, and the ELBO's KL term: what the report calls held-back likelihood.
struct CellLikelihood {
  std::vector<double> log_prob;  ///< (N) nats, log p(x | z) at the posterior mean
  double mean_log_prob = 0;      ///< over the cells
  double mean_kl = 0;            ///< KL to the standard normal, over the cells
};

/// batch_codes (N) or empty
template <class T, class Likelihood>
CellLikelihood cell_likelihood(const Vae<T, Likelihood>& vae, const CellTable& cells,
                               const std::vector<int>& batch_codes = {}) {
  CellLikelihood out;
  CellBatches source(cells, {.batch = 256, .codes = batch_codes});
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
    out.mean_kl += double(kl_standard_normal(q.mean, q.log_variance).item()) * double(batch.size()) / n;
  }
  return out;
}

}  // namespace latentcell
