#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include <latentcell/autoencoder/latent_prior.hpp>
#include <latentcell/kernel/count_targets.hpp>
#include <latentcell/nn/codebook.hpp>

namespace LATENTCELL_NAMESPACE {

/// Options of every autoencoder of counts: Vae, PlainAutoencoder, PcaAutoencoder, VqVae, VqGan.
/// One flat struct, because a designated initialiser cannot name members of a base: `{.genes = 2000, .hidden = {128}}`
/// works for all of them. An autoencoder refuses options of another one that are not at their default.
struct CountAutoencoderOptions {
  Index genes = 0;  ///< number of genes G, at least 1
  std::vector<Index> hidden = {
      128};                          ///< widths of the encoder's layers, reversed in the decoder. Larger: more capacity
  Index latent = 32;                 ///< latent dimensions D. Larger: more of a cell is kept, noise included
  Index batch_covariate_levels = 0;  ///< of the covariate that the decoder takes besides the latent; 0: none
  PriorOptions prior = {};           ///< Vae: prior of the latent
  bool linear_decoder = false;       ///< true: genes are linear in the latent, whose dimensions can be read as loadings
                                     ///< (Svensson et al. 2020, "Interpretable factor models")
  float dropout = 0.1f;              ///< share dropped after each hidden layer, [0, 1). Larger: stronger regularisation
  float count_thinning = 1.0f;    ///< share of a cell's molecules in the encoder's input in training, (0, 1]. Below 1
                                  ///< the decoder predicts the others, so noise cannot be learned (data/thinning.hpp)
  float kl_weight = 1.0f;         ///< Vae: weight of the KL term. Larger: smoother latents, less exact reconstruction
  float kl_warmup = 0.1f;         ///< Vae: share of the run over which the KL weight rises from 0, [0, 1]
  float free_bits = 0.0f;         ///< Vae: nats per latent dimension without cost
  float shrink = 0.01f;           ///< PlainAutoencoder: weight of the latent's squared length. Larger: nearer to zero
  float commitment = 0.25f;       ///< VqVae: pull of latents to their codes. Larger: nearer to them
  CodebookOptions codebook = {};  ///< VqVae: groups, codes, how they are updated
  double reference_library = 0;   ///< counts a cell is scaled to before log1p; 0: mean of the training cells
  LibraryLink link = LibraryLink::softmax;  ///< softmax scale times library (scVI), or exp of the predictor times size

  static void visit(auto& self, auto&& f) {
    f("genes", self.genes, fixed(at_least(1)));
    f("hidden", self.hidden, fixed(each(at_least(1), 1)));
    f("latent", self.latent, fixed(at_least(1)));
    f("batch_covariate_levels", self.batch_covariate_levels, fixed(at_least(0)));
    f("prior", self.prior);
    f("linear_decoder", self.linear_decoder, fixed());
    f("dropout", self.dropout, in_half_open(0, 1));
    f("count_thinning", self.count_thinning, above_up_to(0, 1));
    f("kl_weight", self.kl_weight, at_least(0));
    f("kl_warmup", self.kl_warmup, in(0, 1));
    f("free_bits", self.free_bits, at_least(0));
    f("shrink", self.shrink, at_least(0));
    f("commitment", self.commitment, at_least(0));
    f("codebook", self.codebook);
    f("reference_library", self.reference_library, at_least(0));
    f("link", self.link);
  }
};

using VaeOptions = CountAutoencoderOptions;
using PlainAutoencoderOptions = CountAutoencoderOptions;
using PcaAutoencoderOptions = CountAutoencoderOptions;
using VqVaeOptions = CountAutoencoderOptions;

}  // namespace latentcell
