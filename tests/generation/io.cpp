#include <latentcell/generation/io.hpp>

#include <cstdio>

#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/latent_unet.hpp>
#include <latentcell/generation/predict.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

const char* const path = "latentcell_generation_io_test.safetensors";

std::vector<float> cells_of(const auto& m) {
  Rng rng(5);
  const generation::Composition of{{0, 1, 2, -1}, {0, 1, 0, -1}};
  const CellTable a = generation::generate(m, of, {.steps = 4, .guidance = 1.5f}, rng),
                  b = generation::sample_prior(m, of, rng);
  std::vector<float> out(a.counts.values().begin(), a.counts.values().end());
  out.insert(out.end(), b.counts.values().begin(), b.counts.values().end());
  return out;
}

// Options away from their defaults, so that one which is not saved shows; untrained networks end in zeros, these do
// not.
template <class Backbone>
generation::ModelOf<Backbone> unusual(generation::OptionsOf<Backbone> o) {
  o.vae.genes = 30;
  o.vae.hidden = {12, 10};
  o.vae.latent = o.backbone.latent = 6;
  o.vae.batch_covariate_levels = 2;
  o.vae.link = LibraryLink::exp;
  o.vae.dropout = 0.25f;
  o.vae.kl_weight = 0.75f;
  o.vae.count_thinning = 0.5f;
  o.flow.label_dropout = 0.2f;
  o.vae.prior = {.kind = Prior::vamp, .components = 4};
  o.label = "type";
  o.levels = {"a b", "c\"d", "e"};
  o.batch_covariate = "plate";
  o.batch_covariate_levels = {"p", "q"};
  Rng rng(3);
  generation::ModelOf<Backbone> model(o, rng);
  for (int g = 0; g < 30; ++g) model.vae.gene_names.push_back(text("gene_", g));
  visit_state(model, [&](std::string_view, auto& p) {
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.1f * float(rng.normal());
  });
  model.gene_scale.value = model.gene_scale.value.cwiseAbs();
  model.record_composition({0, 2, 2, -1, 1, 2}, {0, 1, -1, 0, 1, 1});
  return model;
}

template <class Backbone>
void comes_back(const generation::ModelOf<Backbone>& model) {
  generation::save(path, model);
  const auto loaded = generation::load<Backbone>(path);
  std::remove(path);
  CHECK(loaded.options.label == model.options.label);
  CHECK(loaded.options.vae.kl_weight == model.options.vae.kl_weight);
  CHECK(loaded.vae.options.dropout == model.vae.options.dropout);
  CHECK(loaded.vae.options.count_thinning == model.vae.options.count_thinning);
  CHECK(loaded.flow.options.label_dropout == model.flow.options.label_dropout);
  CHECK(loaded.options.levels == model.options.levels);
  CHECK(loaded.options.batch_covariate == model.options.batch_covariate);
  CHECK(loaded.options.batch_covariate_levels == model.options.batch_covariate_levels);
  CHECK(loaded.vae.gene_names == model.vae.gene_names);
  CHECK(loaded.training_labels() == model.training_labels());
  CHECK(cells_of(loaded) == cells_of(model));
}

}  // namespace

TEST_CASE("generation::save and load: a trained model generates the same cells") {
  comes_back(generator::shared().model);
}

TEST_CASE("generation::save and load: any backbone, and options away from their defaults") {
  generation::Options mlp;
  mlp.backbone = {.width = 8, .depth = 2, .ratio = 3, .condition = 5, .injection = Injection::film};
  comes_back(unusual<ResidualMlp<float>>(mlp));
  generation::OptionsOf<Dit<float>> dit;
  dit.likelihood.dispersion = Dispersion::gene_batch;
  dit.backbone = {.tokens = 3,
                  .width = 8,
                  .depth = 1,
                  .heads = 2,
                  .mlp_ratio = 2,
                  .condition = 6,
                  .injection = Injection::cross_attention,
                  .condition_tokens = 2};
  comes_back(unusual<Dit<float>>(dit));
  generation::OptionsOf<LatentUnet<float>> unet;
  unet.backbone.condition = 5;
  comes_back(unusual<LatentUnet<float>>(unet));
}

TEST_CASE("generation::load: a file of another kind or backbone is refused by name") {
  io::SafeTensors file;
  io::save_safetensors(path, file);
  CHECK_THROWS_WITH(generation::load(path), ContainsText(path));
  generation::OptionsOf<Dit<float>> dit;
  dit.backbone = {.tokens = 3, .width = 8, .depth = 1, .heads = 2, .condition = 6};
  generation::save(path, unusual<Dit<float>>(dit));
  CHECK_THROWS_WITH(generation::load(path), ContainsText("backbone"));
  std::remove(path);
}
