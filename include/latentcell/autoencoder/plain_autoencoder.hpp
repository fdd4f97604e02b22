#pragma once

#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/op/reduce.hpp>

namespace latentcell {

struct PlainAutoencoderOptions {
  Index genes = 0;                    ///< G
  std::vector<Index> hidden = {128};  ///< widths of the encoder, used in reverse by the decoder
  Index latent = 32;                  ///< D; larger keeps more of a cell, down to its noise
  Index batches = 0;                  ///< levels of a batch covariate that the decoder sees; 0 is none
  float dropout = 0.1f;               ///< share dropped after each hidden layer; larger forgets more
  float count_thinning = 1.0f;        ///< as VaeOptions::count_thinning
  float shrink = 0.01f;               ///< weight of the latent's squared length; larger keeps it nearer to zero
  double reference_library = 0;       ///< counts a cell is scaled to before log1p; 0: the mean of the training cells
  LibraryLink link = LibraryLink::softmax;  ///< softmax scale times library (scVI), or exp of the predictor times size
};

/// Deterministic autoencoder of counts: one latent a cell, no posterior. The floor that a variational one must beat as
/// stage 1.
template <class T, class Likelihood>
struct PlainAutoencoder : CountAutoencoderBase<T, Likelihood, PlainAutoencoderOptions> {
  using Trunk = CountAutoencoderBase<T, Likelihood, PlainAutoencoderOptions>;
  using Trunk::options;
  Linear<T> to_latent;  // hidden.back() -> latent

  PlainAutoencoder(const PlainAutoencoderOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : Trunk(o, rng, likelihood_options), to_latent(o.hidden.back(), o.latent, rng) {
    this->make_decoder(rng);
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
