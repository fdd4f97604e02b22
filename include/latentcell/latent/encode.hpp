#pragma once

#include <atomic>
#include <cmath>
#include <numeric>
#include <optional>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/op/gaussian.hpp>

namespace latentcell {

namespace detail {

/// Threads of one while it lives: what is already one of several parallel jobs does not split its own work.
class OneThread {
 public:
  OneThread() : before_(threads()) { set_threads(1); }
  ~OneThread() { set_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace detail

/// Posterior mean and standard deviation of every cell, in the order of the table, with names and obs columns; no
/// deviation where the autoencoder has no posterior.     cells (N, G) -> mean, deviation (N, D)
/// Cells go through the encoder once, in batches of 512; threads share the batches, each with a tape of its own.
/// Batches do not depend on the number of threads. A single batch is shared by its products.
template <class Autoencoder>
LatentTable encode(const Autoencoder& vae, const CellTable& cells) {
  using T = typename Autoencoder::Scalar;
  LATENTCELL_REQUIRE(cells.genes() == vae.genes(), "encode: cells with ", cells.genes(), " genes but the model has ",
                     vae.genes());
  constexpr Index size = 512;
  const Index n = cells.cells(), batches = std::max<Index>(1, n / size + (n % size > 1 ? 1 : 0));
  LatentTable out;
  out.mean.resize(n, vae.latent());
  out.deviation.resize(n, vae.latent());
  out.library.resize(to_size(n));
  out.cell_names = cells.cell_names;
  out.cell_columns = cells.cell_columns;
  std::atomic<bool> has_deviation = false;
  kernel::parallel_ranges(batches, 1, [&](Index first, Index last) {
    std::optional<detail::OneThread> alone;
    if (last - first < batches) alone.emplace();
    Index at = first * size;
    std::vector<Index> rows(to_size((last == batches ? n : last * size) - at));
    std::iota(rows.begin(), rows.end(), at);
    CellBatches source(cells, {.batch = size, .rows = std::move(rows)});
    Tape<T> tape(Mode::no_gradient);
    for (CellBatch batch; source.next(batch); at += batch.size()) {
      tape.reset();
      const Posterior<T> q = vae.encode(tape, batch);
      std::copy(batch.library.begin(), batch.library.end(), out.library.begin() + at);
      out.mean.middleRows(at, batch.size()) = q.mean.value().template cast<float>();
      if (q.log_variance.empty()) continue;
      has_deviation = true;
      out.deviation.middleRows(at, batch.size()) =
          (q.log_variance.value().array() * T(0.5)).exp().template cast<float>();
    }
  });
  if (!has_deviation) out.deviation.resize(0, 0);
  return out;
}

/// log p(x | z) of each cell at its posterior mean, and the ELBO's KL term: what the report calls held-back likelihood.
struct CellLikelihood {
  std::vector<double> log_prob;  ///< (N) nats, log p(x | z) at the posterior mean
  double mean_log_prob = 0;      ///< over the cells
  double mean_kl = 0;            ///< KL to the standard normal, over the cells
};

/// batch_codes (N) or empty
template <class Autoencoder>
CellLikelihood cell_likelihood(const Autoencoder& vae, const CellTable& cells,
                               const std::vector<int>& batch_codes = {}) {
  using T = typename Autoencoder::Scalar;
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
    if (!q.log_variance.empty())
      out.mean_kl += double(kl_standard_normal(q.mean, q.log_variance).item()) * double(batch.size()) / n;
  }
  return out;
}

/// How well cells come back from their latents: Pearson r over the genes between log1p(CP10K) of a cell and of its
/// decoded mean, averaged over the cells. A cell without counts is left out.
template <class Autoencoder>
double reconstruction_correlation(const Autoencoder& vae, const CellTable& cells,
                                  const std::vector<int>& batch_codes = {}) {
  using T = typename Autoencoder::Scalar;
  CellBatches source(cells, {.batch = 256, .codes = batch_codes});
  Tape<T> tape(Mode::no_gradient);
  CellBatch batch;
  const Index genes = vae.genes();
  double total = 0;
  Index used = 0;
  std::vector<T> mean(to_size(genes));
  while (source.next(batch)) {
    tape.reset();
    const std::vector<Var<T>> out = vae.decode(tape, vae.encode(tape, batch).mean, batch.batch);
    for (Index b = 0; b < batch.size(); ++b) {
      if (batch.counts.row_columns(b).empty()) continue;
      kernel::count_means(vae.options.link, out[0].value().data() + b * genes, T(1e4), genes, mean.data());
      double sum_y = 0, square_y = 0, sum_x = 0, square_x = 0, cross = 0;
      for (T& m : mean) {
        m = std::log1p(m);
        sum_y += double(m);
        square_y += double(m) * double(m);
      }
      const double scale = 1e4 / double(batch.library[to_size(b)]);
      const auto c = batch.counts.row_columns(b);
      const auto v = batch.counts.row_values(b);
      for (std::size_t k = 0; k < c.size(); ++k) {
        const double x = std::log1p(double(v[k]) * scale);
        sum_x += x;
        square_x += x * x;
        cross += x * double(mean[std::size_t(c[k])]);
      }
      const double n = double(genes);
      const double spread = (square_x - sum_x * sum_x / n) * (square_y - sum_y * sum_y / n);
      if (spread > 0) total += (cross - sum_x * sum_y / n) / std::sqrt(spread);
      ++used;
    }
  }
  return used == 0 ? 0.0 : total / double(used);
}

}  // namespace latentcell
