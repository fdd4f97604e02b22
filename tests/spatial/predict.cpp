#include <latentcell/spatial/predict.hpp>

#include <latentcell/spatial/imputation_scores.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Imputation;
using spatial::impute;

namespace {

spatial::ImputationTask task_of(const std::string& words, std::uint64_t seed) {
  Rng rng(seed);
  return spatial::hold_out(planted::tissue({.spots = 500, .genes = 12, .own = 0.6}, seed),
                           spatial::parse_holdout(words), rng);
}

// Pearson correlation of each gene.
std::vector<double> correlations(const Matrix<float>& predicted, const Matrix<float>& truth) {
  std::vector<double> out;
  for (Index g = 0; g < truth.cols(); ++g) {
    std::vector<double> x, y;
    for (Index i = 0; i < truth.rows(); ++i) x.push_back(double(predicted(i, g))), y.push_back(double(truth(i, g)));
    out.push_back(metric::pearson(x, y));
  }
  return out;
}

// Mean of the differences in standard errors.
double standard_errors(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = double(a.size());
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) mean += (a[i] - b[i]) / n;
  for (std::size_t i = 0; i < a.size(); ++i) square += (a[i] - b[i] - mean) * (a[i] - b[i] - mean) / (n - 1);
  return mean / std::sqrt(square / n);
}

}  // namespace

TEST_CASE("impute: genes that a panel lacks, which share kinds of cells with it, better than kriging and than chance") {
  std::vector<double> model, kriging;
  for (const std::uint64_t seed : {1u, 2u}) {
    const planted::Run run = planted::fit(task_of("genes:5", seed), 100);
    const Matrix<float> truth = run.model.target.log_normalized(run.data.truth);
    const Imputation imputed = impute(run.model, run.data, {.intervals = {.draws = 0}});
    const Matrix<float> condition =
        spatial::condition_features_of_queries(run.model, spatial::encode_reference(run.model, run.data), run.data);
    for (const double r : correlations(imputed.intervals.mean, truth)) model.push_back(r);
    for (const double r : correlations(run.model.target.decode(spatial::kriged_latents(run.model, condition)), truth))
      kriging.push_back(r);
  }
  CHECK(standard_errors(model, kriging) > 3);
  CHECK(standard_errors(model, std::vector<double>(model.size(), 0.0)) > 3);
}

TEST_CASE("impute: held-out spots as well as kriging or better, with intervals that cover within binomial error") {
  const planted::Run run = planted::fit(task_of("spots:0.4", 3), 25);
  const Matrix<float> truth = run.model.target.log_normalized(run.data.truth);
  const Imputation imputed = impute(run.model, run.data, {.intervals = {.draws = 40}});
  const spatial::ImputationScores scores = spatial::imputation_scores(imputed.intervals, truth, run.data.query);
  const Matrix<float> condition =
      spatial::condition_features_of_queries(run.model, spatial::encode_reference(run.model, run.data), run.data);
  const spatial::ImputationScores kriging = spatial::imputation_scores(
      {run.model.target.decode(spatial::kriged_latents(run.model, condition))}, truth, run.data.query);
  CHECK(scores.pearson > 0.25);
  CHECK(scores.rmse < kriging.rmse + 0.005);
  // Calibration and test both have sampling error; cells count once, as genes of a cell are not independent.
  const double both = 1.0 / double(run.data.reference.size()) + 1.0 / double(run.data.query.size());
  CHECK(scores.cover50 == Approx(0.5).margin(4 * std::sqrt(0.25 * both)));
  CHECK(scores.cover80 == Approx(0.8).margin(4 * std::sqrt(0.16 * both)));
  CHECK((imputed.intervals.mean.array() >= 0).all());
  CHECK(imputed.gene_deviation == RowVector<float>(run.model.gene_deviation.value.row(0)));
  CHECK(!imputed.cells);
  // The same seed, the same bits; another one moves the ends of the intervals.
  CHECK(impute(run.model, run.data, {.intervals = {.draws = 40}}).intervals.high80 == imputed.intervals.high80);
  CHECK(impute(run.model, run.data, {.intervals = {.draws = 40}, .seed = 1}).intervals.high80 !=
        imputed.intervals.high80);
}

TEST_CASE("impute: where expression and location have nothing in common, predictions are no better than chance") {
  spatial::ImputationTask task = task_of("spots:0.4", 4);
  Rng rng(9);
  std::vector<Index> order;
  for (Index i = 0; i < task.reference.cells.cells(); ++i) order.push_back(i);
  shuffle(std::span<Index>(order), rng);
  task.reference.cells = task.reference.cells.select_cells(order);
  const planted::Run run = planted::fit(task, 10);
  const Imputation imputed = impute(run.model, run.data, {.intervals = {.draws = 0}});
  const double n = double(run.data.query.size());
  for (const double r : correlations(imputed.intervals.mean, run.model.target.log_normalized(run.data.truth)))
    CHECK(std::abs(r) < 6 / std::sqrt(n));  // nearby locations are predicted alike
}

TEST_CASE("impute: cells within spots average to cells that share the spot's counts") {
  const planted::Run run = planted::fit(task_of("grid:3", 5), 5);
  const Imputation imputed = impute(run.model, run.data, {.intervals = {.draws = 8}});
  REQUIRE(imputed.cells);
  REQUIRE(imputed.sharing);
  CHECK(imputed.sharing->genes.size() == run.data.target.features.size());
  CHECK(imputed.gene_deviation == imputed.cells->cell_deviation);
  const std::vector<Index> cells = spatial::cells_per_spot(run.data.spot, run.data.reference.size());
  const Matrix<float> truth = run.model.target.log_normalized(run.data.truth);
  double alone = 0;
  for (std::size_t i = 0; i < run.data.spot.size(); ++i) {
    if (cells[to_size(run.data.spot[i])] > 1) continue;
    alone += 1;
    CHECK((imputed.intervals.mean.row(Index(i)) - truth.row(Index(i))).cwiseAbs().maxCoeff() < 2e-3f);
  }
  CHECK(alone > 0);
}

TEST_CASE("impute: means below zero become zero, as no log-normalised count is") {
  planted::Run run = planted::fit(task_of("spots:0.4", 6), 1);
  for (conformal::ConditionalVelocityNet& net : run.model.flows.members) net.direct.bias.value.array() += 1000;
  run.model.gene_around.value.setZero();  // what lies around is positive
  const Imputation imputed = impute(run.model, run.data, {.intervals = {.draws = 0}});
  CHECK((imputed.intervals.mean.array() >= 0).all());
  CHECK((imputed.intervals.mean.array() == 0).any());
}

TEST_CASE("impute: data in no common frame are refused, and draws that give no intervals") {
  planted::Run run = planted::fit(task_of("spots:0.4", 6), 1);
  CHECK_THROWS_WITH(impute(run.model, run.data, {.intervals = {.draws = 1}}), ContainsText("draws must be 0 or"));
  run.data.spot = spatial::nearest_spots(run.data.reference, run.data.query);
  CHECK_THROWS_WITH(impute(run.model, run.data, {.intervals = {.draws = 0}}),
                    ContainsText("cells within spots need at least 2 draws, got 0"));
  run.data.in_common_frame = false;
  CHECK_THROWS_WITH(impute(run.model, run.data), ContainsText("call to_common_frame first"));
}

TEST_CASE("impute: a slice without reference cells needs a model that was trained for one") {
  planted::Run run = planted::fit(task_of("spots:0.4", 6), 1);
  run.data.query.slice[0] = 1;
  CHECK_THROWS_WITH(impute(run.model, run.data), ContainsText("trained with all slices"));
  CHECK_THROWS_WITH(impute(run.model, run.data, {.intervals = {.draws = -3}}),
                    ContainsText("impute: intervals.draws must be at least 0, got -3"));
}
