#include <latentcell/multiomics/io.hpp>

#include <latentcell/multiomics/cell_modalities.hpp>
#include <latentcell/multiomics/predict.hpp>

#include "io/fixtures.hpp"
#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("multiomics: a saved model predicts the same bits, its joint model too, and keeps its options") {
  const Dataset d = dataset(80);
  const Modality rna = rna_modality(d.cells);
  Options o = small_options();
  o.noise = 0.4f, o.hide = 0.1f;
  Model model = make_model(o, d.protein, {rna, *d.extra}, 1);
  Stages stages;
  REQUIRE(fit(model, {d.protein, {rna, *d.extra}, {rna, d.protein, *d.extra}}, short_training(2), stages) ==
          FitStatus::finished);
  const fixtures::TemporaryFolder folder;
  save(folder / "model", model);
  const Model again = load(folder / "model");
  Rng a(3), b(3);
  const conformal::PredictionIntervals x = translate(model, {rna, *d.extra}, {.draws = 4}, a),
                                       y = translate(again, {rna, *d.extra}, {.draws = 4}, b);
  CHECK(x.mean == y.mean);
  CHECK(x.low80 == y.low80);
  CHECK(again.options.noise == 0.4f);
  CHECK(again.options.hide == 0.1f);
  CHECK(again.options.ensemble.fold_seed == 7);
  CHECK(again.sources[1].features() == d.extra->features);
  REQUIRE(again.joint);
  const std::vector<Modality> cells = in_features_of(*again.joint, {rna, d.protein, *d.extra});
  CHECK(encode(*again.joint, cells).mean == encode(*model.joint, cells).mean);

  CHECK(again.stacking.weight.value == model.stacking.weight.value);
  model.joint.reset();
  save(folder / "without", model);
  CHECK_FALSE(load(folder / "without").joint);
  io::SafeTensors other;
  other.metadata["latentcell.kind"] = "spatial";
  io::save_safetensors(folder / "other", other);
  CHECK_THROWS_WITH(load(folder / "other"), ContainsText("holds a model of kind 'spatial'"));
}
