#include <latentcell/spatial/evaluate.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using evaluate::Role;

TEST_CASE("evaluate_imputation: the model, the model with matched variance and each baseline, on held-out cells") {
  Rng rng(1);
  const spatial::ImputationTask task =
      spatial::hold_out(planted::tissue({.spots = 300, .genes = 8}, 1), spatial::parse_holdout("spots:0.3"), rng);
  const planted::Run run = planted::fit(task, 10);
  const spatial::Imputation imputed = spatial::impute(run.model, run.data, {.intervals = {.draws = 8}});
  const auto baselines = spatial::impute_baselines(run.model, run.data, imputed, 0);
  const spatial::RegionLabels regions{task.reference.cells.obs("region"), task.query.cells.obs("region")};
  const evaluate::ScoreTable table = spatial::evaluate_imputation(run.model, run.data, imputed, baselines, regions);
  REQUIRE(table.rows().size() == 2 + baselines.size());
  CHECK(table.rows()[0].role == Role::model);
  CHECK(table.rows()[1].role == Role::model);
  CHECK(table.rows()[2].role == Role::baseline);
  const spatial::ImputationScores own =
      spatial::imputation_scores(imputed.intervals, run.model.target.log_normalized(run.data.truth), run.data.query);
  CHECK(table.value("latentcell", "pearson") == own.pearson);
  CHECK(table.value("latentcell", "rmse") == own.rmse);
  CHECK(table.value("latentcell", "cover80") == own.cover80);
  CHECK(std::isnan(table.value("kriging", "cover80")));
  CHECK(table.value("latentcell, variance matched", "ssim") > table.value("latentcell", "ssim"));
  CHECK(table.value("latentcell", "region") > 0.3);  // five layers
  CHECK(table.value("latentcell", "pearson") > table.value("nearest cell", "pearson"));
  CHECK(table.value("latentcell", "rmse") < table.value("mean", "rmse"));
  CHECK(table.value("mean", "pearson") == 0);
  // A metric knows which way is better.
  CHECK(table.rows()[to_size(table.best("rmse"))].method != "nearest cell");
  CHECK(std::isnan(spatial::evaluate_imputation(run.model, run.data, imputed, {}).value("latentcell", "region")));
  spatial::Dataset untold = run.data;
  untold.truth = {};
  CHECK_THROWS_WITH(spatial::evaluate_imputation(run.model, untold, imputed, {}), ContainsText("no held-out"));
}
