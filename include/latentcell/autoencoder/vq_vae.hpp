#pragma once

#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/nn/codebook.hpp>

namespace latentcell {

struct VqVaeOptions {
  Index genes = 0;                    ///< G
  std::vector<Index> hidden = {128};  ///< widths of the encoder, used in reverse by the decoder
  Index latent = 32;                  ///< D, cut into the codebook's groups
  Index batches = 0;                  ///< levels of a batch covariate that the decoder sees; 0 is none
  float dropout = 0.1f;               ///< share dropped after each hidden layer; larger forgets more
  float count_thinning = 1.0f;        ///< as VaeOptions::count_thinning
  float commitment = 0.25f;           ///< pull of latents to their codes; larger keeps them nearer
  CodebookOptions codebook = {};      ///< groups, codes, how they move
  double reference_library = 0;       ///< counts a cell is scaled to before log1p; 0: the mean of the training cells
  LibraryLink link = LibraryLink::softmax;  ///< softmax scale times library (scVI), or exp of the predictor times size
};

/// Autoencoder of counts whose latent is a few codes (van den Oord et al. 2017; groups as in product quantisation).
/// Stage 2 works on the latent before it is quantised, and the decoder quantises what it is given (Rombach et al.,
/// "High-resolution image synthesis with latent diffusion models", 2022, VQ-regularised).
template <class T, class Likelihood>
struct VqVae : CountAutoencoderBase<T, Likelihood, VqVaeOptions> {
  using Trunk = CountAutoencoderBase<T, Likelihood, VqVaeOptions>;
  using Trunk::options;
  Linear<T> to_latent;  // hidden.back() -> latent
  Codebook<T> codebook;

  VqVae(const VqVaeOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : Trunk(o, rng, likelihood_options),
        to_latent(o.hidden.back(), o.latent, rng),
        codebook(o.latent, o.codebook, rng) {
    this->make_decoder(rng);
  }

  /// The latent before it is quantised; no posterior.     counts (B, G) -> mean (B, D)
  Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
    return {to_latent(this->encode_hidden(tape, batch)), {}};
  }

  /// Linear predictors of the likelihood's parameters at the codes nearest to z.     z (B, D) -> (B, G) each
  std::vector<Var<T>> decode(Tape<T>& tape, Var<T> z, std::span<const int> batch) const {
    return Trunk::decode(tape, codebook(tape, z, T(0)).z, batch);
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
