#include <latentcell/pipeline/two_stage.hpp>

#include <cstdio>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/safetensors.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Every option away from its default, so that one which is not saved shows.
TwoStage small_model(const CellTable& cells) {
  TwoStageOptions o;
  o.vae.genes = cells.genes();
  o.vae.hidden = {12, 10};
  o.vae.latent = o.dit.latent = 6;
  o.vae.batches = 2;
  o.vae.prior.labels = 3;
  o.vae.link = LibraryLink::exp;
  o.dit.tokens = 3;
  o.dit.width = 8;
  o.dit.depth = 2;
  o.dit.heads = 2;
  o.dit.mlp_ratio = 2;
  o.dit.condition = 5;
  o.label = "type";
  o.levels = {"a b", "c\"d", "e"};
  o.batch = "plate";
  o.batch_levels = {"p", "q"};
  Rng rng(3);
  TwoStage model(o, rng);
  model.vae.gene_names = cells.gene_names;
  // Untrained networks end in zeros; these do not.
  visit_state(model, [&](std::string_view, auto& p) {
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.1f * float(rng.normal());
  });
  return model;
}

const char* const path = "latentcell_two_stage_test.safetensors";

}  // namespace

TEST_CASE("TwoStage: a saved model, loaded, makes the same cells") {
  Rng rng(1);
  const CellTable cells = simulate({.cells = 40, .genes = 30}, rng);
  const TwoStage model = small_model(cells);
  save(path, model);
  const TwoStage loaded = load_two_stage(path);
  std::remove(path);
  CHECK(loaded.options.levels == model.options.levels);
  CHECK(loaded.options.batch_levels == model.options.batch_levels);
  CHECK(loaded.vae.gene_names == model.vae.gene_names);
  const auto make = [](const TwoStage& m) {
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

TEST_CASE("load_two_stage: a checkpoint of something else is refused by name") {
  Rng rng(1);
  io::SafeTensors file;
  io::save_safetensors(path, file);
  CHECK_THROWS_WITH(load_two_stage(path), ContainsText("has no entry 'latentcell.kind'"));
  const TwoStage model = small_model(simulate({.cells = 40, .genes = 30}, rng));
  save(path, model);
  file = io::load_safetensors(path);
  file.metadata["vae.latent"] = "9x";
  io::save_safetensors(path, file);
  CHECK_THROWS_WITH(load_two_stage(path), ContainsText("entry 'vae.latent' is '9x', not a sensible whole number"));
  file.metadata["vae.latent"] = "9";
  io::save_safetensors(path, file);
  CHECK_THROWS(load_two_stage(path));
  std::remove(path);
}
