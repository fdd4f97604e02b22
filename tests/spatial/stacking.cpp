#include <latentcell/spatial/stacking.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct Case {
  spatial::Dataset data;
  spatial::Model model;
  Matrix<float> condition;
};

Case made() {
  Rng rng(1);
  const spatial::ImputationTask task =
      spatial::hold_out(planted::tissue({.spots = 160, .genes = 8}, 1), spatial::parse_holdout("spots:0.5"), rng);
  spatial::Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  spatial::Model model(planted::small(data), rng);
  model.target.fit(data.target, rng);
  const spatial::ConditionSource source(model, data);
  Matrix<float> condition = spatial::condition_features_of_reference(model, source, {}, rng);
  return {std::move(data), std::move(model), std::move(condition)};
}

}  // namespace

TEST_CASE("fit_stacking: untrained flows, which add noise alone, get hardly any weight; weights lie within [0, 1]") {
  Case c = made();
  Rng rng(2);
  spatial::fit_stacking(c.model, c.data.target, c.condition, rng);
  CHECK(c.model.stacking_weight.value.minCoeff() >= 0);
  CHECK(c.model.stacking_weight.value.maxCoeff() <= 1);
  CHECK(c.model.stacking_weight.value.mean() < 0.5f);
}

TEST_CASE("fit_stacking: the weight is the slope that predicts kriging's residuals with the least squared error") {
  Case c = made();
  Rng a(2), b(2);
  spatial::fit_stacking(c.model, c.data.target, c.condition, a);
  const Matrix<float> mean = conformal::out_of_fold_means(c.model.flows, c.condition, b),
                      kriged = spatial::kriged_latents(c.model, c.condition), z = c.model.target.encode(c.data.target);
  for (Index k = 0; k < z.cols(); ++k) {
    const auto error = [&](float w) {
      return double((kriged.col(k) + w * (mean.col(k) - kriged.col(k)) - z.col(k)).squaredNorm());
    };
    const float w = c.model.stacking_weight.value(0, k);
    for (const float other : {0.0f, 0.1f, 0.3f, 0.5f, 0.8f, 1.0f}) CHECK(error(w) <= error(other) * (1 + 1e-5));
  }
}

TEST_CASE("stacking_base: moves the flows' mean to the weighted mean of kriging and flows") {
  Case c = made();
  const Matrix<float> mean = Matrix<float>::Constant(c.condition.rows(), c.model.target.latent(), 0.7f),
                      kriged = spatial::kriged_latents(c.model, c.condition);
  for (const float w : {0.0f, 0.25f, 1.0f}) {
    c.model.stacking_weight.value.setConstant(w);
    const Matrix<float> stacked = mean + spatial::stacking_base(c.model, c.condition, mean);
    CHECK((stacked - (w * mean + (1 - w) * kriged)).cwiseAbs().maxCoeff() < 1e-5f);
  }
}

TEST_CASE("interval_groups: slices where slices are missing, none else") {
  Case c = made();
  CHECK(spatial::interval_groups(c.model, {0, 1}).empty());
  c.model.options.missing_slice = true;
  CHECK(spatial::interval_groups(c.model, {0, 1}) == std::vector<int>{0, 1});
}

TEST_CASE("fit_gene_stacking: predictions of noise leave kriging; of the truth they remain; shares add up to 1") {
  Case c = made();
  const std::vector<spatial::SpatialMask> drawn(to_size(c.data.reference.size()));
  const Matrix<float> truth = c.model.target.log_normalized(c.data.target);
  Rng rng(3);
  Matrix<float> noise = truth;
  for (Index k = 0; k < noise.size(); ++k) noise.data()[k] = float(3 * rng.normal());
  spatial::fit_gene_stacking(c.model, {c.data, noise, {}, drawn}, rng);
  CHECK(c.model.gene_around.value.minCoeff() > 0.7f);
  spatial::StackingShares s = spatial::stacking_shares(c.model);
  CHECK(s.flows + s.kriged_components + s.kriged_genes + s.smoothed_genes == Approx(1));
  CHECK(s.flows < 0.2);
  const Matrix<float> zero = Matrix<float>::Zero(c.data.query.size(), truth.cols());
  CHECK(spatial::gene_stacking_shift(c.model, c.data, zero).mean() > 0.5f * truth.mean());
  spatial::fit_gene_stacking(c.model, {c.data, truth, {}, drawn}, rng);
  CHECK(c.model.gene_around.value.maxCoeff() < 0.05f);
  c.model.gene_around.value.setZero();
  CHECK(spatial::gene_stacking_shift(c.model, c.data, zero) == zero);
}

TEST_CASE("gene_stacking_shift: without any weight negative means become 0, of a query as in the fit") {
  Case c = made();
  c.model.gene_around.value.setZero();
  Matrix<float> predicted = Matrix<float>::Constant(c.data.query.size(), c.model.gene_around.value.cols(), 2);
  predicted(0, 0) = -0.5f;
  const Matrix<float> of_query = spatial::gene_stacking_shift(c.model, c.data, predicted),
                      any = Matrix<float>::Constant(predicted.rows(), predicted.cols(), 3);
  CHECK(of_query(0, 0) == 0.5f);
  CHECK(of_query.sum() == 0.5f);
  const spatial::GeneWeights none{c.model.gene_around.value.row(0), 0};
  CHECK(of_query == spatial::gene_stacking_shift(none, {any, any}, predicted));
}
