#include <latentcell/trajectory/fit.hpp>

#include <algorithm>

#include <latentcell/data/simulate_development.hpp>
#include <latentcell/trajectory/predict.hpp>

#include "io/fixtures.hpp"
#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using moving_cells::small_options;
using moving_cells::two_lines;
using trajectory::interpolate_at;
using trajectory::Model;

namespace {

trajectory::TrainingOptions quick(int epochs = 60) {
  trajectory::TrainingOptions o;
  o.velocity = {.epochs = epochs, .batch = 128, .learning_rate = 3e-3f, .ema = 0.99f};
  o.autoencoder = {.epochs = 2, .batch = 60};
  return o;
}

double deviation(const Matrix<float>& z, Index column) {
  return std::sqrt(double((z.col(column).array() - z.col(column).mean()).square().mean()));
}

}  // namespace

TEST_CASE(
    "trajectory::fit: a planted drift is recovered between, before and beyond the snapshots, in both directions") {
  const LatentTable cells = two_lines(120, {0, 1, 3}, 1);
  Rng rng(3);
  Model model(small_options(), rng);
  trajectory::fit(model, cells, quick());
  CHECK(model.velocity.first_time() == 0);
  CHECK(model.velocity.last_time() == 3);
  for (const double t : {2.0, 0.5, 3.3}) {
    const LatentTable made = interpolate_at(model, cells, {.time = {t, t}, .cells = 200}, rng);
    CHECK(double(made.mean.col(0).mean()) == Approx(3 * t).margin(0.35));
    Index upper = 0, stray = 0;
    for (Index i = 0; i < 200; ++i) {
      upper += made.mean(i, 1) > 0;
      stray += std::abs(std::abs(made.mean(i, 1)) - 2) > 1.2f;  // soft pairs: a few cells change lines
    }
    CHECK(std::abs(upper - 100) < 40);
    CHECK(stray < 12);
  }
  // Single cells: ahead and back again.
  Matrix<float> z = cells.mean.topRows(40);
  const std::vector<double> begin(40, 0.0), end(40, 3.0);
  trajectory::advance_in_time(model.velocity, z, begin, end, 20, rng);
  Index kept = 0;  // on their line: soft pairs let a few change
  for (Index i = 0; i < 40; ++i) kept += std::abs(z(i, 1) - (i % 2 == 0 ? -2.0f : 2.0f)) < 1.5f;
  CHECK(kept >= 38);
  CHECK(double(z.col(0).mean()) == Approx(9).margin(0.4));
  trajectory::advance_in_time(model.velocity, z, end, begin, 20, rng);
  CHECK(double(z.col(0).mean()) == Approx(0).margin(0.4));
}

TEST_CASE("trajectory::fit: where times are permuted there is no drift to learn") {
  LatentTable cells = two_lines(120, {0, 1, 3}, 1);
  std::vector<double> time = read_times(cells.cell_columns, "time");
  Rng rng(3);
  shuffle(std::span<double>(time), rng);
  cells.cell_columns.set("time", time);
  Model model(small_options(), rng);
  trajectory::fit(model, cells, quick(20));
  // The mean of all cells lies at 4; those of time 2 are predicted there, not at 6.
  const LatentTable made = interpolate_at(model, cells, {.time = {2, 2}, .cells = 200}, rng);
  CHECK(double(made.mean.col(0).mean()) == Approx(4).margin(0.8));
}

TEST_CASE("trajectory::fit: with noise, cells diffuse and still arrive where the snapshots are, in both directions") {
  const LatentTable cells = two_lines(120, {0, 1, 2}, 1);
  Rng rng(3);
  Model model(small_options(0.3), rng);
  trajectory::fit(model, cells, quick());
  Matrix<float> z = cells.select_cells(std::vector<Index>(300, 0)).mean;  // one cell, many paths
  trajectory::advance_in_time(model.velocity, z, std::vector<double>(300, 0.0), std::vector<double>(300, 1.0), 50, rng);
  CHECK(double(z.col(0).mean()) == Approx(3).margin(0.5));
  CHECK(deviation(z, 1) > 0.1);
  CHECK(deviation(z, 1) < 1.5);
  z = cells.select_cells(std::vector<Index>(300, 240)).mean;
  trajectory::advance_in_time(model.velocity, z, std::vector<double>(300, 2.0), std::vector<double>(300, 1.0), 50, rng);
  CHECK(double(z.col(0).mean()) == Approx(3).margin(0.5));
}

TEST_CASE("trajectory::fit: counts train a decoder and then the velocity; a resumed run has the same bits") {
  Rng simulated(8);
  trajectory::Snapshots cells;
  cells.counts = simulate_development({.cells = 60, .snapshots = 3, .genes = 50}, simulated);
  trajectory::Options options = trajectory::Options::for_cells(cells, 2);
  options.autoencoder->pca.hidden = {16};
  options.velocity.net = small_options().velocity.net;
  options.paths.pairs = 500;
  const fixtures::TemporaryFolder folder;
  const auto trained = [&](Stages stages, int epochs) {
    Rng rng(3);
    Model model(options, rng);
    // A run to be resumed has the same options; a hook of the caller's would stop it. Here its last epochs are missing.
    CHECK(trajectory::fit(model, cells, quick(epochs), stages) == FitStatus::finished);
    REQUIRE(stages.reports().size() == 3);  // and the velocity without the inner snapshot
    CHECK(stages.reports()[0].name == "decoder");
    CHECK(stages.reports()[1].name == "velocity");
    CHECK(stages.reports()[1].options.epochs == epochs);
    return model;
  };
  const Model whole = trained(Stages(), 3);
  CHECK(whole.autoencoder->gene_names == cells.counts->gene_names);
  CHECK(whole.autoencoder->options.hidden == std::vector<Index>{16});
  (void)trained(Stages({.folder = folder / "", .progress = nullptr}), 3);
  const Model resumed = trained(Stages({.folder = folder / "", .resume = Resume::yes, .progress = nullptr}), 3);
  CHECK(resumed.velocity.net.last.weight.value == whole.velocity.net.last.weight.value);
  CHECK(resumed.velocity.time_range.value == whole.velocity.time_range.value);
  CHECK(resumed.mixture.share.value == whole.mixture.share.value);
  CHECK(resumed.mixture.nested_w1.value == whole.mixture.nested_w1.value);
  CHECK(resumed.autoencoder->components.value == whole.autoencoder->components.value);
}

TEST_CASE("trajectory::fit: without epochs given, many dimensions train longer and the decoder about 1,500 steps") {
  Rng rng(3);
  trajectory::Snapshots cells;
  cells.counts = simulate_development({.cells = 20, .snapshots = 2, .genes = 30}, rng);
  for (const Index dimensions : {3, 11}) {
    trajectory::Options options = trajectory::Options::for_cells(cells, dimensions);
    options.paths.pairs = 10;
    options.paths.window = 5;
    options.velocity.net.width = 8;
    options.autoencoder->pca.hidden = {4};
    Model model(options, rng);
    Stages stages;
    CHECK(trajectory::fit(model, cells, {}, stages) == FitStatus::finished);
    CHECK(stages.reports()[0].options.epochs == 200);  // few cells: not more than 200 passes
    CHECK(stages.reports()[1].options.epochs == (dimensions > 10 ? 30 : 20));
  }
}

TEST_CASE("trajectory::fit: the scale of a small embedding is its own") {
  LatentTable cells = two_lines(20, {0, 1}, 1);
  cells.mean *= 1e-4f;
  Rng rng(3);
  Model model(small_options(), rng);
  trajectory::fit(model, cells, quick(1));
  CHECK(double(model.velocity.scaler.scale.value(0, 0)) == Approx(deviation(cells.mean, 0)).epsilon(1e-3));
  CHECK(double(model.velocity.scaler.mean.value(0, 0)) == Approx(double(cells.mean.col(0).mean())).epsilon(1e-3));
}

TEST_CASE("trajectory::fit: validation and patience of the velocity are refused, before a decoder is trained") {
  Rng rng(3);
  trajectory::Snapshots cells;
  cells.counts = simulate_development({.cells = 20, .snapshots = 2, .genes = 30}, rng);
  Model model(trajectory::Options::for_cells(cells, 2), rng);
  trajectory::TrainingOptions training = quick(1);
  training.velocity.validation = 0.2f;
  Stages stages;
  CHECK_THROWS_WITH(trajectory::fit(model, cells, training, stages), ContainsText("velocity: has no validation"));
  CHECK(stages.reports().empty());
  training.velocity.validation = 0;
  training.velocity.patience = 3;
  Model other(small_options(), rng);
  CHECK_THROWS_WITH(trajectory::fit(other, two_lines(20, {0, 1}, 1), training), ContainsText("has no patience"));
}

TEST_CASE("trajectory::fit: latents of another dimension or of one time are refused") {
  Rng rng(3);
  Model model(small_options(), rng);
  LatentTable cells = two_lines(4, {1}, 1);
  CHECK_THROWS_WITH(trajectory::fit(model, cells), ContainsText("two times"));
  cells.mean.resize(4, 3);
  CHECK_THROWS_WITH(trajectory::fit(model, cells), ContainsText("3 dimensions for a velocity of 2"));
  trajectory::TrainingOptions o = quick();
  o.velocity.learning_rate = 0;
  CHECK_THROWS_WITH(trajectory::fit(model, cells, o),
                    ContainsText("trajectory::fit: velocity.learning_rate must be above 0, got 0"));
  o = quick();
  o.autoencoder.ema = 1;
  CHECK_THROWS_WITH(trajectory::fit(model, cells, o),
                    ContainsText("trajectory::fit: autoencoder.ema must be in [0, 1), got 1"));
}
