#include <latentcell/multiomics/fit.hpp>

#include <latentcell/multiomics/cell_modalities.hpp>
#include <latentcell/multiomics/evaluate.hpp>
#include <latentcell/multiomics/predict.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE(
    "fit: a planted relation is recovered, better than by every baseline; intervals cover; chance when permuted") {
  const Curved train = curved(500, 1), test = curved(900, 2);
  const auto trained = [&](const Modality& protein) {
    Model model = make_model(small_options(), protein, {train.rna}, 7);
    Stages stages;
    REQUIRE(fit(model, {protein, {train.rna}}, short_training(200), stages) == FitStatus::finished);
    CHECK(stages.reports().size() == 2);
    CHECK_FALSE(model.joint);
    return model;
  };
  const auto predicted = [&](const Model& model) {
    Rng rng(5);
    return translate(model, {test.rna}, {.draws = 24}, rng);
  };
  const Model model = trained(train.protein);
  const Matrix<float> truth = model.target.log_normalized(test.protein);
  const auto errors = [&](const Matrix<float>& mean) {
    return Matrix<float>((mean - truth).array().square().rowwise().mean());
  };
  const conformal::PredictionIntervals ours = predicted(model);
  for (const Prediction& p : baselines(model, {train.rna, train.protein, {}}, {test.rna, test.protein, {}})) {
    const Matrix<float> gain = errors(p.values.mean) - errors(ours.mean);
    const float error = std::sqrt((gain.array() - gain.mean()).square().mean() / float(gain.rows()));
    INFO(p.method << ": " << gain.mean() << " +- " << error);
    CHECK(gain.mean() > 2 * error);
  }
  const evaluate::ScoreTable scores = multiomics::evaluate({{"model", {}, ours}}, truth, test.protein.measured);
  CHECK(scores.value("model", "mean_r") > 0.8);
  // 5,400 values of 900 cells; six proteins of a cell err together.
  CHECK(scores.value("model", "cover50") == Approx(0.5).margin(0.08));
  CHECK(scores.value("model", "cover80") == Approx(0.8).margin(0.06));

  std::vector<Index> order = range(0, 500);
  Rng rng(9);
  shuffle(std::span<Index>(order), rng);
  const Matrix<float> chance = predicted(trained(select_cells(train.protein, order))).mean;
  CHECK(std::abs(mean_correlation(correlations(chance, truth, test.protein.measured))) < 0.12);
}

TEST_CASE("make_model: encoders are fitted to what they are given, components fit cells and features") {
  const Curved few = curved(4, 1);
  const Model model = make_model(small_options(), few.protein, {few.rna}, 1);
  CHECK(model.sources[0].latent() == 3);  // of four cells
  CHECK(model.target.latent() == 6);
  CHECK(model.target.mean.value.minCoeff() > 0);
  CHECK(model.options.ensemble.members == 2);
}

TEST_CASE("training_data: noise and masking change conditions, but no marks, and never hide all that a cell has") {
  const Dataset d = dataset(200);
  const Modality rna = rna_modality(d.cells);
  Options o = small_options();
  o.hide = 0.5f;
  Modality some = *d.extra;
  for (Index i = 0; i < 100; ++i) some.measured[to_size(i)] = 0;
  const Model model = make_model(o, d.protein, {rna, some}, 1);
  const conformal::EnsembleData data = training_data(model, d.protein, {rna, some});
  const Matrix<float> clean = model.condition_features({rna, some});
  Matrix<float> batch(200, 14);
  Rng rng(2);
  data.sample_condition(range(0, 200), view(batch), rng);
  Index hidden = 0;
  double square = 0, values = 0;
  for (Index i = 0; i < 200; ++i) {
    const bool has_rna = batch(i, 6) == 1, has_extra = batch(i, 13) == 1;
    CHECK((has_rna || has_extra));
    CHECK((i >= 100 || (has_rna && !has_extra)));  // the only one it has
    hidden += !has_rna || (i >= 100 && !has_extra);
    if (!has_rna) CHECK(batch.row(i).head(7).isZero());
    if (has_rna) square += double((batch.row(i).head(6) - clean.row(i).head(6)).squaredNorm()), values += 6;
  }
  CHECK(hidden > 50);  // of 100 cells three quarters lose one
  CHECK(hidden < 95);
  CHECK(std::sqrt(square / values) == Approx(0.25).epsilon(0.1));
  CHECK_THROWS_WITH(training_data(model, select_cells(d.protein, range(0, 5)), {rna, some}),
                    ContainsText("the target has 5 cells but the sources 200"));
}

TEST_CASE("fit: with cells for it a joint model is trained as well; a stopped training goes on from its folder") {
  const Curved c = curved(60, 1);
  Model model = make_model(small_options(), c.protein, {c.rna}, 7);
  Stages stages;
  REQUIRE(fit(model, {c.protein, {c.rna}, {c.rna, c.protein}}, short_training(2), stages) == FitStatus::finished);
  REQUIRE(model.joint);
  CHECK(stages.reports()[2].name == "joint");
  CHECK(model.joint->features(1) == c.protein.features);
  CHECK(model.flows.interval_scale.value.maxCoeff() != 1);
  TrainingOptions means = short_training(2);
  means.intervals.draws = 0;
  Model other = make_model(small_options(), c.protein, {c.rna}, 7);
  REQUIRE(fit(other, {c.protein, {c.rna}}, means, stages) == FitStatus::finished);
  CHECK((other.flows.interval_scale.value.array() == 1.0f).all());
  means.intervals.draws = 1;
  Stages none;
  CHECK_THROWS_WITH(fit(other, {c.protein, {c.rna}}, means, none),
                    ContainsText("draws must be 0 or at least 2, got 1"));
  means.intervals.steps = 0;
  CHECK_THROWS_WITH(fit(other, {c.protein, {c.rna}}, means, none),
                    ContainsText("multiomics::fit: intervals.steps must be at least 1, got 0"));
  means.intervals.steps = 1, means.intervals.draws = 0;
  means.stacking.joint_folds = 1;
  CHECK_THROWS_WITH(fit(other, {c.protein, {c.rna}}, means, none),
                    ContainsText("multiomics::fit: one joint fold alone cannot be left out"));
  means.stacking.joint_folds = 2;
  const Modality few = select_cells(c.protein, range(0, 2));
  CHECK_THROWS_WITH(fit(other, {c.protein, {c.rna}, {c.rna, few}}, means, none),
                    ContainsText("multiomics::fit: 2 cells of the joint model, but 60 with sources"));
  CHECK(none.reports().empty());
}
