#include <latentcell/trajectory/fit_mixture.hpp>

#include <cmath>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using moving_cells::small_options;
using moving_cells::two_lines;
using trajectory::choose_mixture;
using trajectory::nested_stretches;

namespace {

/// Distances of 200 true cells under each mixture, around its mean.
Matrix<double> distances(const std::vector<double>& mean, double spread, std::uint64_t seed = 1) {
  Rng rng(seed);
  Matrix<double> out(Index(mean.size()), 200);
  for (Index c = 0; c < out.rows(); ++c) {
    for (Index i = 0; i < 200; ++i) out(c, i) = mean[to_size(c)] + spread * rng.normal();
  }
  return out;
}

}  // namespace

TEST_CASE("choose_mixture: the straight plan unless another is better by more than a standard error") {
  const std::vector<double> third{1, 1, 0.8, 1, 1, 1, 1}, equal(7, 1.0);
  CHECK(choose_mixture({distances(third, 0.1)}) == 2);
  CHECK(choose_mixture({distances(third, 30)}) == 0);
  CHECK(choose_mixture({distances(equal, 0)}) == 0);
  // Stretches weigh alike, whatever their scale.
  std::vector<double> far{200, 100, 100, 100, 100, 100, 100}, near{0.5, 1, 1, 1, 1, 0.4, 1};
  CHECK(choose_mixture({distances(far, 0.1), distances(near, 0.001)}) == 5);
  // A stretch that one mixture predicts without any error gives no ratio; the others choose.
  CHECK(choose_mixture({Matrix<double>::Zero(7, 5), distances(third, 0.1)}) == 2);
  CHECK(choose_mixture({Matrix<double>::Zero(7, 5)}) == 0);
  CHECK(choose_mixture({Matrix<double>::Constant(7, 5, std::nan("")), distances(third, 0.1)}) == 2);
  CHECK_THROWS_WITH(choose_mixture({}), ContainsText("there is no stretch"));
  CHECK_THROWS_WITH(choose_mixture({Matrix<double>::Ones(2, 5)}), ContainsText("scores (2, 5) for 7 mixtures"));
}

TEST_CASE("nested_stretches: inner snapshots in turn, no neighbors at once; no inner one, none") {
  const auto times = [](const std::vector<double>& of, Index cells) {
    std::vector<double> out;
    for (const double t : of) out.insert(out.end(), to_size(cells), t);
    return out;
  };
  CHECK(nested_stretches(times({0, 1}, 30), 2).empty());
  CHECK(nested_stretches(times({0, 1, 2}, 30), 0).empty());
  const auto one = nested_stretches(times({0, 1, 3}, 30), 2);
  REQUIRE(one.size() == 1);
  CHECK(one[0].size() == 1);
  CHECK(one[0][0].from == 1);
  const auto two = nested_stretches(times({0, 1, 2, 4, 5}, 30), 2);
  REQUIRE(two.size() == 2);
  CHECK(two[0].size() == 2);
  CHECK(two[0][1].from == 4);
  CHECK(two[1][0].from == 2);
  CHECK(nested_stretches(times({0, 1, 2}, 19), 2).empty());  // too few cells to judge by
}

TEST_CASE("nested_stretches: of many times, as wide as the largest gap and away from it") {
  std::vector<double> time;
  for (int t = 0; t < 1000; ++t) {
    if (t <= 450 || t >= 550) time.push_back(t);
  }
  Index count = 0;
  for (const auto& set : nested_stretches(time, 2)) {
    for (const trajectory::TimeRange& r : set) {
      CHECK(r.to - r.from == 99);  // the cells of the gap's width: both ends are times of cells
      CHECK((r.to <= 400 || r.from >= 600));
      CHECK(r.from == std::round(r.from));
      ++count;
    }
  }
  CHECK(count == 5);
  time.clear();
  for (int t = 0; t < 1000; ++t) time.push_back(t);
  const auto sets = nested_stretches(time, 2);
  REQUIRE(sets.size() == 2);
  CHECK(sets[0].size() == 4);
  CHECK(sets[0][1].from > sets[0][0].to + 90);
  // Stretches of snapshots lie between snapshots that are kept: a stretch ends at the snapshots it contains.
  time.clear();
  for (int t = 0; t < 14; ++t) time.insert(time.end(), 30, t);
  const auto snapshots = nested_stretches(time, 2);
  REQUIRE(snapshots.size() == 2);
  for (const auto& set : snapshots) {
    for (const trajectory::TimeRange& r : set) {
      CHECK(r.from == std::round(r.from));
      CHECK(r.to == std::round(r.to));
    }
  }
}

TEST_CASE("fit_mixture: on straight lines the baseline; where masses change, not; without inner times, a rule") {
  const auto chosen = [](const LatentTable& cells, double epsilon, Stages& stages) {
    Rng rng(3);
    trajectory::Options options = small_options();
    options.paths.marginal_relaxation = 1;
    options.paths.epsilon = epsilon;
    trajectory::Model model(options, rng);
    const FitOptions velocity{.epochs = 20, .batch = 128, .learning_rate = 3e-3f, .ema = 0.99f};
    CHECK(trajectory::fit_mixture(model, cells, velocity, {}, stages) == FitStatus::finished);
    CHECK(model.mixture.share.value.sum() == Approx(1).margin(0.02));
    return model.mixture;
  };
  Stages stages;  // pairs so soft that they change lines
  const auto straight = chosen(two_lines(100, {0, 1, 2, 3}, 1), 3, stages);
  CHECK(straight.stretches.value(0, 0) == 2);
  CHECK(straight.share.value(0, 2) == 1);
  CHECK(straight.nested_w1.value.allFinite());
  CHECK(stages.reports().size() == 2);
  CHECK(stages.reports()[0].name == "velocity_nested_1");
  CHECK(stages.reports()[0].options.epochs == 20);
  // The lower line dies out: a balanced plan has to carry its cells across.
  LatentTable cells = two_lines(160, {0, 1, 2}, 1);
  std::vector<Index> kept;
  for (Index i = 0; i < cells.cells(); ++i) {
    if (i < 160 ? i % 8 != 1 : i >= 320 ? i % 8 == 0 || i % 2 == 1 : i % 4 != 2) kept.push_back(i);
  }
  Stages others;
  const auto changing = chosen(cells.select_cells(kept), 0.02, others);
  CHECK(changing.nested_w1.value(0, 1) < changing.nested_w1.value(0, 2));
  CHECK(changing.share.value(0, 2) < 0.6);
  const auto rule = chosen(two_lines(60, {0, 1}, 1), 0.02, others);
  CHECK(rule.stretches.value(0, 0) == 0);
  CHECK(rule.share.value(0, 0) == 0);
  CHECK(rule.share.value(0, 1) == 0.5);
}
