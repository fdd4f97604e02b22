#pragma once

#include <vector>

#include <latentcell/autoencoder/count_trunk.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/gaussian.hpp>

namespace latentcell {

struct VaeOptions {
  Index genes = 0;                    ///< G
  std::vector<Index> hidden = {128};  ///< widths of the encoder, used in reverse by the decoder
  Index latent = 32;                  ///< D; larger keeps more of a cell, down to its noise
  Index batches = 0;                  ///< levels of a batch covariate that the decoder sees; 0 is none
  Index labels = 0;                   ///< levels of a label whose cells share a prior mean; 0: one prior, at zero
  float dropout = 0.1f;               ///< share dropped after each hidden layer; larger forgets more
  float input_share = 1.0f;           ///< share of a cell's molecules that the encoder is shown in training, the
                             ///< decoder being asked for the others: noise cannot be learned (data/thinning.hpp)
  float kl_weight = 1.0f;        ///< weight of the KL term; larger gives smoother latents and blurrier cells
  float kl_warmup = 0.1f;        ///< share of the run over which the KL weight rises from 0
  float free_bits = 0.0f;        ///< nats a latent dimension may carry without cost
  double reference_library = 0;  ///< counts a cell is scaled to before log1p; 0: the mean of the training cells
  LibraryLink link = LibraryLink::softmax;  ///< softmax scale times library (scVI), or exp of the predictor times size
};

/// Variational autoencoder of counts (Kingma and Welling 2014; for cells Lopez et al., "Deep generative modeling for
/// single-cell transcriptomics", 2018): sparse counts to a latent Gaussian and back to the parameters of a likelihood.
template <class T, class Likelihood>
struct Vae : CountTrunk<T, Likelihood, VaeOptions> {
  using Trunk = CountTrunk<T, Likelihood, VaeOptions>;
  using Trunk::options;
  Linear<T> to_mean;          // hidden.back() -> latent
  Linear<T> to_log_variance;  // hidden.back() -> latent
  Param<T> prior_mean;        // (labels, latent), or (0, latent)

  Vae(const VaeOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : Trunk(o, rng, likelihood_options),
        to_mean(o.hidden.back(), o.latent, rng),
        to_log_variance(o.hidden.back(), o.latent, rng),
        prior_mean(o.labels, o.latent) {
    prior_mean.weight_decay = T(0);
    prior_mean.learning_rate = T(3);
    this->make_decoder(rng);
  }

  /// counts (B, G) -> mean and log variance (B, D)
  Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
    const Var<T> h = this->encode_hidden(tape, batch);
    return {to_mean(h), clamp(to_log_variance(h), T(-10), T(6))};
  }

  /// Negative evidence lower bound per cell: -log p(x | z) + weight * KL, averaged over the cells.   -> (1, 1)
  Var<T> loss(Tape<T>& tape, const CellBatch& batch, double share_of_run) const {
    const Posterior<T> q = encode(tape, batch);
    const Var<T> z = tape.mode() == Mode::train ? reparameterize(q.mean, q.log_variance) : q.mean;
    const Var<T> nll = this->mean_nll(tape, z, batch);
    const double warm = options.kl_warmup > 0 ? std::min(1.0, share_of_run / double(options.kl_warmup)) : 1.0;
    const T weight = tape.mode() == Mode::train ? T(double(options.kl_weight) * warm) : T(options.kl_weight);
    const Var<T> off = options.labels > 0 ? add(q.mean, scale(prior_of(tape, batch), T(-1))) : q.mean;
    return add(nll, scale(kl_standard_normal(off, q.log_variance, T(options.free_bits)), weight));
  }

  /// Prior means of a batch's cells: that of their label, zero where it is unknown.    -> (B, D)
  Var<T> prior_of(Tape<T>& tape, const CellBatch& batch) const {
    int* row = tape.template scratch_of<int>(batch.size());
    T* known = tape.scratch(batch.size() * options.latent);
    for (Index b = 0; b < batch.size(); ++b) {
      const int label = batch.label.empty() ? -1 : batch.label[to_size(b)];
      row[b] = std::max(label, 0);
      std::fill_n(known + b * options.latent, options.latent, label < 0 ? T(0) : T(1));
    }
    return mul(embedding(tape.watch(prior_mean), std::span<const int>(row, to_size(batch.size()))),
               tape.constant(ConstView<T>(known, batch.size(), options.latent)));
  }

  static void visit(auto& self, auto&& f) {
    Trunk::visit(self, f);
    f("to_mean", self.to_mean);
    f("to_log_variance", self.to_log_variance);
    f("prior_mean", self.prior_mean);
  }
};

}  // namespace latentcell
