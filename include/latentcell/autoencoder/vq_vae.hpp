#pragma once

#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/nn/codebook.hpp>

namespace LATENTCELL_NAMESPACE {

/// Autoencoder of counts whose latent is a few codes (van den Oord et al. 2017; groups as in product quantisation).
/// Stage 2 works on the latent before it is quantised, and the decoder quantises what it is given (Rombach et al.,
/// "High-resolution image synthesis with latent diffusion models", 2022, VQ-regularised).
template <class T, class Likelihood>
requires latentcell::Likelihood<Likelihood, T>
struct VqVae : CountAutoencoderBase<T, Likelihood> {
  using Trunk = CountAutoencoderBase<T, Likelihood>;
  using Trunk::options;
  Linear<T> to_latent;  // hidden.back() -> latent
  Codebook<T> codebook;

  VqVae(const CountAutoencoderOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : Trunk("VqVae", o, rng, likelihood_options),
        to_latent(o.hidden.back(), o.latent, rng),
        codebook(o.latent, o.codebook, rng) {
    require_defaults("VqVae", o, {"prior", "kl_weight", "kl_warmup", "free_bits", "shrink"});
    this->make_decoder(rng);
  }
  static VqVae from_options(const auto& reader, Rng& rng) {
    return {reader.template options<CountAutoencoderOptions>(), rng, Trunk::likelihood_options(reader)};
  }

  /// The latent before it is quantised; no posterior.     counts (B, G) -> mean (B, D)
  Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
    return {to_latent(this->encode_hidden(tape, batch)), {}};
  }

  /// Linear predictors of the likelihood's parameters at the codes nearest to z.     z (B, D) -> (B, G) each
  std::vector<Var<T>> decode(Tape<T>& tape, Var<T> z, std::span<const int> batch_covariate) const {
    return Trunk::decode(tape, codebook(tape, z, T(0)).z, batch_covariate);
  }
  /// As CountAutoencoderBase::nll_of, at the codes nearest to z.
  Var<T> nll_of(Tape<T>& tape, Var<T> z, const CellBatch& batch, std::span<const T> weight, T* log_prob) const {
    return Trunk::nll_of(tape, codebook(tape, z, T(0)).z, batch, weight, log_prob);
  }

  /// -log p(x | codes) + the codebook's loss, averaged over the cells.   -> (1, 1)
  Var<T> loss(Tape<T>& tape, const CellBatch& batch, double) const {
    const typename Codebook<T>::Quantized q = codebook(tape, encode(tape, batch).mean, T(options.commitment));
    return add(Trunk::mean_nll(tape, q.z, batch), q.loss);
  }

  /// Moves the codes after a step on a batch.
  void after_step(Tape<T>& tape, const CellBatch& batch, double) {
    tape.reset(Mode::no_gradient, tape.rng().fork());
    codebook.learn(encode(tape, batch).mean.value(), tape.rng());
  }

  static void visit(auto& self, auto&& f) {
    Trunk::visit(self, f);
    f("to_latent", self.to_latent);
    f("codebook", self.codebook);
  }
};

}  // namespace latentcell
