#include <latentcell/trajectory/evaluate.hpp>

#include <cmath>
#include <map>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/simulate_development.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/trajectory/fit.hpp>
#include <latentcell/trajectory/holdout.hpp>
#include <latentcell/trajectory/predict.hpp>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using evaluate::Role;
using evaluate::ScoreTable;
using moving_cells::two_lines;
using trajectory::TimeRange;
using trajectory::TrajectoryEvaluator;

namespace {

std::vector<double> times_of(const LatentTable& cells) { return read_times(cells.cell_columns, "time"); }

/// Simulated development with time 2 of 5, near the fork, held out: scores of a short training.
struct Development {
  LatentTable reference, truth, predicted;
  trajectory::Model model;

  static trajectory::Options options() {
    trajectory::Options o;
    o.velocity.net = {.latent = 3, .width = 32, .depth = 2, .condition = 2};
    o.paths.pairs = 3000;
    return o;
  }
  Development(std::uint64_t seed, bool permuted) : Development(seed, permuted, Rng(seed)) {}

 private:
  Development(std::uint64_t seed, bool permuted, Rng rng) : model(options(), rng) {
    trajectory::Snapshots cells;
    cells.counts = simulate_development({.cells = 150, .snapshots = 5, .genes = 200}, rng);
    if (permuted) {
      std::vector<double> time = cells.times("time");
      shuffle(std::span<double>(time), rng);
      cells.counts->cell_columns.set("time", time);
    }
    const auto split = trajectory::split_times(cells, "time", {.holdout = TimeRange{2, 2}});
    const CellTable &train = *split.train.counts, test = align_genes(*split.test.counts, train.gene_names).cells;
    const auto components = kernel::LogPca::fit(train.counts, 3, rng);
    reference.mean = components.project(train.counts);
    reference.cell_columns = train.cell_columns;
    truth.mean = components.project(test.counts);
    trajectory::TrainingOptions training;
    training.velocity = {.epochs = 20, .batch = 256, .learning_rate = 5e-3f, .ema = 0.99f, .seed = seed};
    trajectory::fit(model, reference, training);
    predicted = trajectory::interpolate_at(model, reference, {.time = {2, 2}, .cells = 300}, rng);
  }
};

}  // namespace

TEST_CASE("trajectory::evaluate: on simulated development the model beats every baseline, by two standard errors") {
  std::map<std::string, std::vector<double>> margin;  // log W1 of a baseline relative to that of the model, by seed
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Development of(seed, false);
    const ScoreTable table =
        trajectory::evaluate(of.model, {of.reference, of.truth, of.predicted, {2, 2}}, Rng(seed, 31));
    for (const auto& row : table.rows()) {
      if (row.role == Role::baseline)
        margin[row.method].push_back(std::log(row.values[0] / table.value("latentcell", "w1")));
    }
  }
  CHECK(margin.size() == 5);
  for (const auto& [method, of] : margin) {
    INFO(method);
    double mean = 0, square = 0;
    for (const double m : of) mean += m / 4;
    for (const double m : of) square += (m - mean) * (m - mean) / 3;
    CHECK(mean > 2 * std::sqrt(square / 4));
  }
}

TEST_CASE("trajectory::evaluate: with permuted times the model is as good as all other times, and so is the truth") {
  const Development of(0, true);
  const ScoreTable table = trajectory::evaluate(of.model, {of.reference, of.truth, of.predicted, {2, 2}}, Rng(0, 31));
  CHECK(table.value("latentcell", "w1") > 0.9 * table.value("all other times", "w1"));
  CHECK(table.value("all other times", "w1") < 1.25 * table.value("half of the true cells", "w1"));
}

TEST_CASE("TrajectoryEvaluator: baselines are what their names say, of cells that move by 3 per time") {
  const LatentTable reference = two_lines(60, {-1, 0, 2, 3}, 1), truth = two_lines(60, {1}, 2),
                    other = two_lines(60, {1}, 3);
  TrajectoryEvaluator evaluator(view(reference.mean), times_of(reference), view(truth.mean), {1, 1}, Rng(1));
  const ScoreTable table = evaluator.evaluate("other cells", view(other.mean));
  REQUIRE(table.rows().size() == 7);
  CHECK(table.rows()[0].role == Role::model);
  CHECK(table.value("other cells", "w1") < 0.4);
  CHECK(table.value("previous times", "w1") == Approx(3).margin(0.2));  // the nearest time alone
  CHECK(table.value("next times", "w1") == Approx(3).margin(0.2));
  CHECK(table.value("previous and next", "w1") == Approx(3).margin(0.4));  // cells on either side have nearer partners
  CHECK(table.value("previous and next", "w2") == Approx(3).margin(0.4));
  CHECK(table.value("transport, half-way", "w1") < 0.5);  // straight paths are right here
  CHECK(table.value("all other times", "w1") == Approx(4.5).margin(0.3));
  CHECK(table.rows().back().role == Role::ceiling);
  CHECK(table.value("half of the true cells", "w1") < 0.6);
  for (const auto& row : table.rows()) CHECK(row.values[0] <= row.values[1] + 1e-6);
}

TEST_CASE("TrajectoryEvaluator: the truth itself is at no distance, and a shift is its own distance") {
  const LatentTable reference = two_lines(60, {0, 2}, 1), truth = two_lines(60, {1}, 2);
  TrajectoryEvaluator evaluator(view(reference.mean), times_of(reference), view(truth.mean), {1, 1}, Rng(1));
  const ScoreTable same = evaluator.evaluate("truth", view(truth.mean));
  CHECK(same.value("truth", "w1") == Approx(0).margin(1e-6));
  CHECK(same.rows()[to_size(same.best("w1"))].method == "truth");
  Matrix<float> shifted = truth.mean;
  shifted.col(1).array() += 1.5f;
  const ScoreTable moved = evaluator.evaluate("shifted", view(shifted));
  CHECK(moved.value("shifted", "w1") == Approx(1.5).epsilon(1e-3));
  CHECK(moved.value("shifted", "w2") == Approx(1.5).epsilon(1e-3));
  CHECK(moved.value("shifted", "mmd") > same.value("truth", "mmd"));
}

TEST_CASE("TrajectoryEvaluator: one kernel for all rows, as wide as the median distance of the truth") {
  const LatentTable reference = two_lines(60, {0, 2}, 1), truth = two_lines(60, {1}, 2), far = two_lines(60, {5}, 3);
  TrajectoryEvaluator evaluator(view(reference.mean), times_of(reference), view(truth.mean), {1, 1}, Rng(1));
  const ScoreTable table = evaluator.evaluate("far", view(far.mean));
  const double bandwidth = metric::median_distance(view(truth.mean));
  CHECK(table.value("far", "mmd") == Approx(metric::mmd(view(far.mean), view(truth.mean), bandwidth)));
  CHECK(table.value("all other times", "mmd") ==
        Approx(metric::mmd(view(reference.mean), view(truth.mean), bandwidth)));
}

TEST_CASE("TrajectoryEvaluator: of a range, the times before and after reach as far as it is long") {
  // Times 0 to 9 without 4 and 5. A range from 4 to 6.5 takes 2 and 3 before it, 7, 8 and 9 after it.
  std::vector<double> all;
  for (int t = 0; t < 10; ++t) {
    if (t != 4 && t != 5) all.push_back(t);
  }
  const LatentTable reference = two_lines(20, all, 1), truth = two_lines(20, {4, 5}, 2);
  TrajectoryEvaluator evaluator(view(reference.mean), times_of(reference), view(truth.mean), {4, 6.5}, Rng(1));
  const ScoreTable table = evaluator.evaluate("truth", view(truth.mean));
  // Mean of times 2 and 3 against that of 4 and 5: two times apart; 7, 8 and 9 against 4 and 5: 3.5 apart.
  CHECK(table.value("previous times", "w1") == Approx(6).margin(0.4));
  CHECK(table.value("next times", "w1") == Approx(10.5).margin(0.4));
}

TEST_CASE("TrajectoryEvaluator: beyond the last time there is no next one, and too few true cells are refused") {
  const LatentTable reference = two_lines(20, {0, 1}, 1), truth = two_lines(20, {2}, 2);
  TrajectoryEvaluator evaluator(view(reference.mean), times_of(reference), view(truth.mean), {2, 2}, Rng(1));
  const ScoreTable table = evaluator.evaluate("truth", view(truth.mean));
  CHECK(table.rows().size() == 4);
  CHECK_THROWS_WITH(table.value("next times", "w1"), ContainsText("no method"));
  const Matrix<float> few = truth.mean.topRows(3);
  CHECK_THROWS_WITH(TrajectoryEvaluator(view(reference.mean), times_of(reference), view(few), {2, 2}, Rng(1)),
                    ContainsText("only 3 true cells"));
}

TEST_CASE("resample_to: every point as often as it goes, the rest without repetition") {
  Matrix<float> x(3, 1);
  x << 0, 1, 2;
  Rng rng(1);
  const Matrix<float> eight = trajectory::resample_to(view(x), 8, rng), two = trajectory::resample_to(view(x), 2, rng);
  int count[3] = {};
  for (Index i = 0; i < 8; ++i) ++count[int(eight(i, 0))];
  for (const int c : count) CHECK((c == 2 || c == 3));
  CHECK(two(0, 0) != two(1, 0));
  const Matrix<float> none(0, 1);
  CHECK_THROWS_WITH(trajectory::resample_to(view(none), 2, rng), ContainsText("no points to make 2 of"));
}
