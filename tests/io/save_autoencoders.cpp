#include <latentcell/autoencoder/joint_vae.hpp>
#include <latentcell/autoencoder/pca_autoencoder.hpp>
#include <latentcell/autoencoder/plain_autoencoder.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/autoencoder/vq_gan.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/fit_joint.hpp>

#include "support/round_trip.hpp"

using namespace latentcell;

namespace {

constexpr Index genes = 12;

const CellTable& cells() {
  static const CellTable it = [] {
    Rng rng(1);
    return simulate({.cells = 60, .genes = genes, .types = 2, .library = 100}, rng);
  }();
  return it;
}

/// An epoch on 60 cells with batch covariate and labels.
template <class Model>
void train(Model& model) {
  CellCovariates of;
  for (int i = 0; i < 60; ++i) of.batch_covariate.push_back(i % 2), of.label.push_back(i % 3);
  fit(model, cells(), of, {.epochs = 1, .batch = 30, .seed = 4});
}

template <class Model>
void check(Model model) {
  support::check_round_trip(std::move(model), train<Model>, io::load_model<Model>);
}

// No option that a Vae has is at its default.
CountAutoencoderOptions vae_options() {
  return {.genes = genes,
          .hidden = {6, 5},
          .latent = 3,
          .batch_covariate_levels = 2,
          .prior = {.labels = 3},
          .linear_decoder = true,
          .dropout = 0.37f,
          .count_thinning = 0.6f,
          .kl_weight = 0.3f,
          .kl_warmup = 0.7f,
          .free_bits = 0.11f,
          .reference_library = 123.5,
          .link = LibraryLink::exp};
}

}  // namespace

TEMPLATE_TEST_CASE("save_model: a Vae of any likelihood is loaded with all its options and trains on alike", "",
                   NegativeBinomial<float>, ZeroInflatedNegativeBinomial<float>, Poisson<float>, Gaussian<float>,
                   Bernoulli<float>, ProteinMixture<float>) {
  Rng rng(2);
  check(Vae<float, TestType>({.genes = genes, .hidden = {6}, .latent = 3, .dropout = 0.3f, .kl_weight = 0.2f}, rng));
}

TEST_CASE("save_model: a Vae with no option at its default, of every prior and dispersion") {
  using Model = Vae<float, NegativeBinomial<float>>;
  Rng rng(2);
  check(Model(vae_options(), rng, {.dispersion = Dispersion::gene_batch, .dispersion_rate = 2.5f}));
  CountAutoencoderOptions o = vae_options();
  o.free_bits = 0;
  o.prior = {.kind = Prior::mixture, .components = 4};
  check(Model(o, rng, {.dispersion = Dispersion::gene_cell}));
  o.prior.kind = Prior::vamp;
  check(Model(o, rng));
}

TEST_CASE("save_model: a Vae of doubles") {
  Rng rng(2);
  check(Vae<double, NegativeBinomial<double>>(vae_options(), rng));
}

TEST_CASE("save_model: PlainAutoencoder, PcaAutoencoder, VqVae and VqGan") {
  Rng rng(2);
  check(PlainAutoencoder<float, NegativeBinomial<float>>(
      {.genes = genes, .hidden = {6}, .latent = 3, .dropout = 0.2f, .shrink = 0.3f}, rng));
  check(PcaAutoencoder<float, NegativeBinomial<float>>({.genes = genes, .hidden = {6}, .latent = 3, .dropout = 0.2f},
                                                       rng));
  const CountAutoencoderOptions codes{.genes = genes,
                                      .hidden = {6},
                                      .latent = 4,
                                      .commitment = 0.6f,
                                      .codebook = {.groups = 2, .codes = 5, .decay = 0.8f, .restart_below = 0.1f}};
  check(VqVae<float, NegativeBinomial<float>>(codes, rng));
  check(VqGan<float, NegativeBinomial<float>>(
      codes, {.hidden = {5}, .dropout = 0.4f, .start = 0, .weight = 0.7f, .learning_rate = 0.01f}, rng));
}

TEST_CASE("save_model: a JointVae keeps the options and the features of each modality") {
  Rng rng(3);
  const CellTable t = simulate_multiomics({.cells = 40, .genes = 10, .proteins = 3, .peaks = 6, .types = 2}, rng);
  const std::vector<Modality> modalities{{"rna", t.counts, std::vector<char>(40, 1), t.gene_names},
                                         dense_modality("protein", t.embeddings.at("protein_expression")),
                                         dense_modality("peaks", t.embeddings.at("accessibility"))};
  using Model = JointVae<float>;
  Model model({.parts = {{.name = "rna", .genes = 10, .hidden = {5}, .weight = 2, .count_thinning = 0.5f},
                         {.name = "protein", .genes = 3, .observation = Observation::protein_mixture, .hidden = {4}},
                         {.name = "peaks", .genes = 6, .observation = Observation::detection, .dropout = 0.3f}},
               .latent = 2,
               .hide = 0.2f,
               .kl_weight = 0.4f,
               .kl_warmup = 0.9f},
              rng);
  support::check_round_trip(
      std::move(model), [&](Model& m) { fit(m, modalities, {.epochs = 1, .batch = 20}); }, io::load_model<Model>);
}
