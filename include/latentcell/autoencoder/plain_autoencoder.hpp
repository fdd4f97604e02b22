#pragma once

#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/op/reduce.hpp>

namespace LATENTCELL_NAMESPACE {

/// Deterministic autoencoder of counts: one latent per cell, no posterior. The baseline of stage 1.
template <class T, class Likelihood>
requires latentcell::Likelihood<Likelihood, T>
struct PlainAutoencoder : CountAutoencoderBase<T, Likelihood> {
  using Trunk = CountAutoencoderBase<T, Likelihood>;
  using Trunk::options;
  Linear<T> to_latent;  // hidden.back() -> latent

  PlainAutoencoder(const CountAutoencoderOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : Trunk("PlainAutoencoder", o, rng, likelihood_options), to_latent(o.hidden.back(), o.latent, rng) {
    require_defaults("PlainAutoencoder", o, {"prior", "kl_weight", "kl_warmup", "free_bits", "commitment", "codebook"});
    this->make_decoder(rng);
  }
  static PlainAutoencoder from_options(const auto& reader, Rng& rng) {
    return {reader.template options<CountAutoencoderOptions>(), rng, Trunk::likelihood_options(reader)};
  }

  /// counts (B, G) -> mean (B, D), no log variance
  Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
    return {to_latent(this->encode_hidden(tape, batch)), {}};
  }

  /// -log p(x | z) + shrink |z|^2, averaged over the cells.   -> (1, 1)
  Var<T> loss(Tape<T>& tape, const CellBatch& batch, double) const {
    const Var<T> z = encode(tape, batch).mean;
    return add(this->mean_nll(tape, z, batch), scale(mean(mul(z, z)), T(options.shrink) * T(options.latent)));
  }

  static void visit(auto& self, auto&& f) {
    Trunk::visit(self, f);
    f("to_latent", self.to_latent);
  }
};

}  // namespace latentcell
