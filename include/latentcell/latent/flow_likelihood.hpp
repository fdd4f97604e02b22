#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/latent_flow.hpp>
#include <latentcell/sample/log_likelihood.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns log p(z) of latents under a flow and the attributes in their obs, in nats and in units of the autoencoder.
/// z (N, D), obs (N) or without rows -> (N)
template <class Flow>
std::vector<double> flow_log_likelihood(const Flow& flow, const Matrix<float>& z, const Annotation& obs,
                                        const LogLikelihoodOptions& options, Rng& rng) {
  using T = typename Flow::Scalar;
  LATENTCELL_REQUIRE(z.cols() == flow.latent(), "flow_log_likelihood: latents of ", z.cols(),
                     " dimensions for a flow over ", flow.latent());
  const Matrix<float> values = read_conditions(flow.condition, obs, z.rows());
  const Index n = z.rows(), batch = 256;
  std::vector<double> out;
  Tape<T> tape(Mode::evaluate);
  for (Index first = 0; first < n; first += batch) {
    const Index count = std::min(batch, n - first);
    const Matrix<float> here = values.middleRows(first, count);
    const Matrix<T> at = flow.scaler.apply(Matrix<T>(z.middleRows(first, count).template cast<T>()));
    const auto pullback = [&](T t, ConstView<T> point, ConstView<T> seed, View<T> v, View<T> g) {
      tape.reset();
      T* const times = tape.scratch(count);
      std::fill_n(times, count, t);
      const Var<T> in = tape.input(point);
      const Var<T> prediction = flow.predict(tape, in, {times, to_size(count)}, view(here));
      const LinearMap map = flow.path.velocity_from(double(t));
      tape.backward(prediction, seed);
      v = T(map.z) * point + T(map.prediction) * prediction.value();
      g = T(map.z) * seed + T(map.prediction) * in.grad();
    };
    for (double log_prob : log_likelihood<T>(pullback, view(at), options, rng)) {
      out.push_back(log_prob - flow.scaler.log_volume());
    }
  }
  return out;
}

namespace detail {

/// log mean_k p(x | z_k) p(z_k) / q(z_k | x) of each cell, z_k from the posterior.
/// log_prior(z (N, D)) -> (N)
template <class T, class Likelihood, class LogPrior>
std::vector<double> importance_bound(const Vae<T, Likelihood>& vae, const CellTable& cells, Index samples,
                                     const LogPrior& log_prior, Rng& rng, const std::vector<int>& batch_covariate) {
  LATENTCELL_REQUIRE(samples >= 1, "log-likelihood: needs at least one sample, got ", samples);
  const LatentTable q = encode(vae, cells);
  const Index n = cells.cells(), d = q.latent();
  std::vector<std::vector<double>> weight(to_size(n));
  for (Index k = 0; k < samples; ++k) {
    Matrix<float> z = q.mean;
    std::vector<double> log_q(to_size(n), -0.5 * double(d) * std::log(2 * std::numbers::pi));
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < d; ++j) {
        const double e = rng.normal();
        z(i, j) += q.deviation(i, j) * float(e);
        log_q[to_size(i)] -= 0.5 * e * e + std::log(double(q.deviation(i, j)));
      }
    }
    const std::vector<double> log_p = log_prior(z);
    CellBatches source(cells, {.batch = 256, .batch_covariate = batch_covariate});
    Tape<T> tape(Mode::no_gradient);
    CellBatch batch;
    for (Index first = 0; source.next(batch); first += batch.size()) {
      tape.reset();
      const Matrix<T> here = z.middleRows(first, batch.size()).template cast<T>();
      std::vector<T> one(to_size(batch.size()), T(1)), log_x(to_size(batch.size()));
      (void)vae.nll_of(tape, tape.constant(ConstView<T>(here.data(), here.rows(), d)), batch, one, log_x.data());
      for (Index b = 0; b < batch.size(); ++b) {
        const std::size_t i = to_size(first + b);
        weight[i].push_back(double(log_x[to_size(b)]) + log_p[i] - log_q[i]);
      }
    }
  }
  std::vector<double> out;
  for (const std::vector<double>& w : weight) {
    const double top = *std::max_element(w.begin(), w.end());
    double sum = 0;
    for (double x : w) sum += std::exp(x - top);
    out.push_back(top + std::log(sum / double(samples)));
  }
  return out;
}

}  // namespace detail

/// A bound on log p(x) of each cell under the autoencoder and its own prior, in nats: importance-weighted (Burda,
/// Grosse and Salakhutdinov, "Importance weighted autoencoders", 2016); one sample gives the ELBO, more come nearer.
/// batch_covariate, labels (N) or empty -> (N)
template <class T, class Likelihood>
std::vector<double> vae_log_likelihood(const Vae<T, Likelihood>& vae, const CellTable& cells, Index samples, Rng& rng,
                                       const std::vector<int>& batch_covariate = {},
                                       const std::vector<int>& labels = {}) {
  const auto log_prior = [&](const Matrix<float>& z) {
    Tape<T> tape(Mode::no_gradient);
    const Matrix<T> at = z.template cast<T>();
    const Var<T> log_p = vae.log_prior(tape, tape.constant(view(at)), labels);
    return std::vector<double>(log_p.value().data(), log_p.value().data() + z.rows());
  };
  return detail::importance_bound(vae, cells, samples, log_prior, rng, batch_covariate);
}

/// Samples of an importance-weighted bound.
struct ImportanceOptions {
  Index samples = 16;                     ///< per cell, at least 1. Larger: a tighter bound
  std::vector<int> batch_covariate = {};  ///< (N) codes, or empty

  static void visit(auto& self, auto&& f) {
    f("samples", self.samples, at_least(1));
    f("batch_covariate", self.batch_covariate, each(at_least(-1)));
  }
};

/// The same under both stages, the flow in the place of the prior.
/// -> (N)
template <class T, class Likelihood, class Flow>
std::vector<double> two_stage_log_likelihood(const Vae<T, Likelihood>& vae, const Flow& flow, const CellTable& cells,
                                             const ImportanceOptions& importance, const LogLikelihoodOptions& options,
                                             Rng& rng) {
  check_options("two_stage_log_likelihood", importance);
  const auto log_prior = [&](const Matrix<float>& z) {
    return flow_log_likelihood(flow, z, cells.cell_columns, options, rng);
  };
  return detail::importance_bound(vae, cells, importance.samples, log_prior, rng, importance.batch_covariate);
}

/// The mean over cells, in bits per gene: what models of different gene lists can be compared by.
inline double bits_per_gene(const std::vector<double>& log_likelihood, Index genes) {
  double sum = 0;
  for (double l : log_likelihood) sum -= l;
  return sum / double(log_likelihood.size()) / double(genes) / std::numbers::ln2;
}

}  // namespace latentcell
