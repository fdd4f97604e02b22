#pragma once

#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/autoencoder/latent_prior.hpp>

namespace LATENTCELL_NAMESPACE {

/// Variational autoencoder of counts (Kingma and Welling 2014; for cells Lopez et al., "Deep generative modeling for
/// single-cell transcriptomics", 2018): sparse counts to a latent Gaussian and back to the parameters of a likelihood.
template <class T, class Likelihood>
requires latentcell::Likelihood<Likelihood, T>
struct Vae : CountAutoencoderBase<T, Likelihood> {
  using Trunk = CountAutoencoderBase<T, Likelihood>;
  using Trunk::options;
  Linear<T> to_mean;          // hidden.back() -> latent
  Linear<T> to_log_variance;  // hidden.back() -> latent
  LatentPrior<T> prior;

  Vae(const CountAutoencoderOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : Trunk("Vae", o, rng, likelihood_options),
        to_mean(o.hidden.back(), o.latent, rng),
        to_log_variance(o.hidden.back(), o.latent, rng),
        prior(o.prior, o.latent, o.genes, rng) {
    LATENTCELL_REQUIRE(o.prior.kind == Prior::normal || o.free_bits == 0,
                       "Vae: free_bits count the KL of each dimension, which only the normal prior has; leave them 0");
    require_defaults("Vae", o, {"shrink", "commitment", "codebook"});
    this->make_decoder(rng);
  }
  static Vae from_options(const auto& reader, Rng& rng) {
    return {reader.template options<CountAutoencoderOptions>(), rng, Trunk::likelihood_options(reader)};
  }

  /// As CountAutoencoderBase::initialize_from_data; also initialises pseudo-cells by training cells.     counts (N, G)
  void initialize_from_data(const CountRows& counts) {
    Trunk::initialize_from_data(counts);
    const Index n = prior.pseudo.value.rows();
    Counts cell(options.genes);
    for (Index k = 0; k < n && counts.rows() > 0; ++k) {
      counts.read(k * counts.rows() / n, 1, cell);
      const CountsView x = cell.view();
      const double factor = double(this->reference.value(0, 0)) / std::max(1.0, x.row_sum(0));
      for (std::size_t i = 0; i < x.row_columns(0).size(); ++i)
        prior.pseudo.value(k, x.row_columns(0)[i]) = T(std::log1p(double(x.row_values(0)[i]) * factor));
    }
  }

  /// counts (B, G) -> mean and log variance (B, D)
  Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
    return posterior(this->encode_hidden(tape, batch));
  }

  /// Negative evidence lower bound per cell: -log p(x | z) + weight * KL, averaged over the cells.   -> (1, 1)
  Var<T> loss(Tape<T>& tape, const CellBatch& batch, double share_of_run) const {
    const Posterior<T> q = encode(tape, batch);
    const Var<T> z = tape.mode() == Mode::train ? reparameterize(q.mean, q.log_variance) : q.mean;
    const Var<T> nll = this->mean_nll(tape, z, batch);
    const double warm = options.kl_warmup > 0 ? std::min(1.0, share_of_run / double(options.kl_warmup)) : 1.0;
    const T weight = tape.mode() == Mode::train ? T(double(options.kl_weight) * warm) : T(options.kl_weight);
    return add(nll, scale(kl(tape, q, batch), weight));
  }

  /// KL of the posteriors to the prior, averaged over the cells: exact for the normal prior, else at one draw.
  Var<T> kl(Tape<T>& tape, const Posterior<T>& q, const CellBatch& batch) const {
    if (prior.options.kind == Prior::normal) {
      const Var<T> off = prior.options.labels == 0
                             ? q.mean
                             : add(q.mean, scale(prior.label_means(tape, batch.size(), batch.label), T(-1)));
      return kl_standard_normal(off, q.log_variance, T(options.free_bits));
    }
    const Var<T> z = reparameterize(q.mean, q.log_variance);
    return mean(add(log_normal(z, q.mean, q.log_variance), scale(log_prior(tape, z, batch.label), T(-1))));
  }

  /// log p(z) of each cell.     z (B, D), label (B) or empty -> (B, 1)
  Var<T> log_prior(Tape<T>& tape, Var<T> z, std::span<const int> label) const {
    if (prior.options.kind != Prior::vamp) return prior.log_prob(tape, z, label);
    const Posterior<T> of = pseudo_posterior(tape);
    return prior.log_prob(tape, z, label, of.mean, of.log_variance);
  }

  /// Latents drawn from the prior.     label (N), -1 unknown -> (N, D)
  Matrix<T> draw_prior(std::span<const int> label, Rng& rng) const {
    const Index d = options.latent, n = Index(label.size());
    Matrix<T> mean = prior.mean.value, deviation = prior.deviations();
    if (prior.options.kind == Prior::vamp) {
      Tape<T> tape(Mode::no_gradient);
      const Posterior<T> of = pseudo_posterior(tape);
      mean = of.mean.value();
      deviation = (of.log_variance.value().array() * T(0.5)).exp();
    }
    std::vector<double> share;
    for (Index k = 0; k < prior.logit.value.cols(); ++k) share.push_back(std::exp(double(prior.logit.value(0, k))));
    Matrix<T> z(n, d);
    for (Index i = 0; i < n; ++i) {
      const bool normal = prior.options.kind == Prior::normal;
      LATENTCELL_REQUIRE(!normal || prior.options.labels == 0 || label[to_size(i)] < prior.options.labels,
                         "draw_prior: label ", label[to_size(i)], " but the prior has ", prior.options.labels);
      const Index k = normal ? Index(label[to_size(i)]) : draw_index(share, rng);
      for (Index j = 0; j < d; ++j) {
        const T centre = normal && (k < 0 || prior.options.labels == 0) ? T(0) : mean(k, j);
        z(i, j) = centre + (normal ? T(1) : deviation(k, j)) * T(rng.normal());
      }
    }
    return z;
  }

  static void visit(auto& self, auto&& f) {
    Trunk::visit(self, f);
    f("to_mean", self.to_mean);
    f("to_log_variance", self.to_log_variance);
    f("prior", self.prior);
  }

 private:
  Posterior<T> posterior(Var<T> hidden) const {
    return {to_mean(hidden), clamp(to_log_variance(hidden), T(-10), T(6))};
  }
  // Posteriors of the pseudo-cells.
  Posterior<T> pseudo_posterior(Tape<T>& tape) const {
    return posterior(this->encoder(this->first_tail(this->first.of_values(tape, tape.watch(prior.pseudo)))));
  }
};

}  // namespace latentcell
