#include <latentcell/generation/io.hpp>
#include <latentcell/generation/predict.hpp>

#include <cstdio>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/safetensors.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

namespace {

// Every option away from its default, so that one which is not saved shows.
Model small_model(const CellTable& cells) {
  Options o;
  o.vae.genes = cells.genes();
  o.vae.hidden = {12, 10};
  o.vae.latent = o.backbone.latent = 6;
  o.vae.batches = 2;
  o.vae.prior.labels = 3;
  o.vae.link = LibraryLink::exp;
  o.backbone.width = 8;
  o.backbone.depth = 2;
  o.backbone.ratio = 3;
  o.backbone.condition = 5;
  o.backbone.injection = Injection::film;
  o.label = "type";
  o.levels = {"a b", "c\"d", "e"};
  o.batch = "plate";
  o.batch_levels = {"p", "q"};
  Rng rng(3);
  Model model(o, rng);
  model.vae.gene_names = cells.gene_names;
  // Untrained networks end in zeros; these do not.
  visit_state(model, [&](std::string_view, auto& p) {
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.1f * float(rng.normal());
  });
  return model;
}

const char* const path = "latentcell_generation_test.safetensors";

}  // namespace

TEST_CASE("generation::Model: a saved model, loaded, makes the same cells") {
  Rng rng(1);
  const CellTable cells = simulate({.cells = 40, .genes = 30}, rng);
  const Model model = small_model(cells);
  save(path, model);
  const Model loaded = load(path);
  std::remove(path);
  CHECK(loaded.options.levels == model.options.levels);
  CHECK(loaded.options.batch_levels == model.options.batch_levels);
  CHECK(loaded.vae.gene_names == model.vae.gene_names);
  const auto make = [](const Model& m) {
    Rng own(5);
    return draw(
        m.vae,
        m.flow.generate(
            {.cells = labelled("cell_type", {m.options.levels, {0, 1, 2, -1}}), .steps = 4, .guidance = 1.5f}, own),
        own, {.batch_codes = {0, 1, 0, -1}});
  };
  const CellTable a = make(model), b = make(loaded);
  CHECK(std::vector<float>(a.counts.values().begin(), a.counts.values().end()) ==
        std::vector<float>(b.counts.values().begin(), b.counts.values().end()));
  CHECK(a.embeddings.at("X_latent") == b.embeddings.at("X_latent"));
}

TEST_CASE("load: a checkpoint of something else is refused by name") {
  Rng rng(1);
  io::SafeTensors file;
  io::save_safetensors(path, file);
  CHECK_THROWS_WITH(load(path), ContainsText("has no entry 'latentcell.kind'"));
  const Model model = small_model(simulate({.cells = 40, .genes = 30}, rng));
  save(path, model);
  file = io::load_safetensors(path);
  file.metadata["vae.latent"] = "9x";
  io::save_safetensors(path, file);
  CHECK_THROWS_WITH(load(path), ContainsText("entry 'vae.latent' is '9x', not a sensible whole number"));
  file.metadata["vae.latent"] = "9";
  io::save_safetensors(path, file);
  CHECK_THROWS(load(path));
  std::remove(path);
}

TEST_CASE(
    "generation::Model: with another backbone and prior it is saved and loaded too, and not mistaken for the first") {
  Rng rng(1);
  using WithDit = ModelOf<Dit<float>>;
  WithDit::Options o;
  o.vae = {.genes = 30, .hidden = {12}, .latent = 6, .batches = 2, .prior = {.kind = Prior::vamp, .components = 4}};
  o.likelihood.dispersion = Dispersion::gene_batch;
  o.backbone = {.latent = 6,
                .tokens = 3,
                .width = 8,
                .depth = 1,
                .heads = 2,
                .mlp_ratio = 2,
                .condition = 6,
                .injection = Injection::cross_attention,
                .condition_tokens = 2};
  o.levels = {"a", "b"};
  o.batch = "plate";
  o.batch_levels = {"p", "q"};
  WithDit model(o, rng);
  for (int g = 0; g < 30; ++g) model.vae.gene_names.push_back(text("gene_", g));
  visit_state(model, [&](std::string_view, auto& p) {
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.1f * float(rng.normal());
  });
  save(path, model);
  const WithDit loaded = load<Dit<float>>(path);
  CHECK_THROWS_WITH(load(path), ContainsText("its backbone is 'dit'"));
  std::remove(path);
  const auto make = [](const WithDit& m) {
    Rng own(5);
    const Matrix<float> from_prior = m.vae.draw_prior(std::vector<int>(3, -1), own);
    Matrix<float> z =
        m.flow.generate({.cells = labelled("cell_type", {m.options.levels, {0, 1, -1}}), .steps = 3}, own).mean;
    z += from_prior;
    return z;
  };
  CHECK(make(loaded) == make(model));
}

TEST_CASE("generation::Model: remembers the mix of its training cells, unknown ones too") {
  Rng rng(1);
  Model model = small_model(simulate({.cells = 40, .genes = 30}, rng));
  model.record_composition({0, 2, 2, -1, 1, 2}, {0, 1, -1, 0, 1, 1});
  save(path, model);
  const auto [label, batch] = load(path).training_labels();
  std::remove(path);
  CHECK(label == std::vector<int>{0, 1, 2, 2, 2, -1});
  CHECK(batch == std::vector<int>{0, 1, 1, 1, -1, 0});
  REQUIRE_THROWS_WITH(model.record_composition({7}), ContainsText("label 7"));
}
