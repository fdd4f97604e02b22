#include <latentcell/multiomics/stacked_latents.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("RidgeSource: components in their own units, the sources that a cell has, the source of each column") {
  const Dataset d = dataset(40);
  const Modality rna = rna_modality(d.cells);
  const Model model = make_model(small_options(), d.protein, {rna, *d.extra}, 1);
  Modality some = *d.extra;
  some.measured[3] = 0;
  const Matrix<float> condition = model.condition_features({rna, some});
  const RidgeSource source(model, condition);
  CHECK(source.measured[3] == 1);
  CHECK(source.measured[4] == 3);
  CHECK(source.columns.front() == 0);
  CHECK(source.columns.back() == 1);
  CHECK(Index(source.columns.size()) == condition.cols());
  const Matrix<float> z = model.sources[0].encode(rna);
  CHECK(source.value(7, 2) == Approx(z(7, 2) * model.sources[0].scale.value(0, 2)).epsilon(1e-4));
  CHECK(source.value(7, 6) == 1);
}

TEST_CASE("stacking_base: the ensemble alone adds nothing; a part with the whole weight takes its place") {
  const Dataset d = dataset(60);
  const Modality rna = rna_modality(d.cells);
  Model model = make_model(small_options(), d.protein, {rna}, 1);
  Stages stages;
  model.joint = fit_joint({rna, d.protein}, short_training(2).joint, stages);
  CHECK(target_part(model, *model.joint) == 1);
  const Matrix<float> condition = model.condition_features({rna}), ensemble = Matrix<float>::Constant(60, 4, 0.5f);
  Rng rng(1);
  CHECK(stacking_base(model, {rna}, condition, ensemble, rng).isZero());
  model.stacking.weight.value.setZero();
  model.stacking.weight.value.row(Index(StackPart::joint)).setOnes();
  Rng a(2), b(2);
  const Matrix<float> joint = joint_latents(model, *model.joint, {rna}, a);
  CHECK((stacking_base(model, {rna}, condition, ensemble, b) + ensemble - joint).cwiseAbs().maxCoeff() < 1e-5f);
  model.stacking.weight.value.setZero();
  model.stacking.weight.value.row(Index(StackPart::ridge)).setOnes();
  model.stacking.ridge[0].intercept.value.setConstant(2);
  CHECK((stacking_base(model, {rna}, condition, ensemble, b).array() - 1.5f).abs().maxCoeff() < 1e-5f);
  model.target.options.name = "other";
  CHECK_THROWS_WITH(joint_latents(model, *model.joint, {rna}, a), ContainsText("has no 'other'"));
}
