#include <latentcell/conformal/calibrate.hpp>

#include <latentcell/core/threads.hpp>

#include "conformal/fixtures.hpp"
#include "support/catch.hpp"

using namespace conformal_fixtures;

namespace {

// Truth is 1000 and a symmetric error with heavy tails: its 80 % quantile is 5.4 times its median, of the samples,
// which are normal, 1.9 times. So the scales of the two levels are far apart.
Matrix<float> heavy_tailed(Index cells, Index features, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(cells, features);
  for (Index i = 0; i < out.size(); ++i)
    out.data()[i] = 1000 + float((rng.below(2) == 0 ? -10 : 10) * std::exp(2 * rng.normal()));
  return out;
}

constexpr Index cells = 6000, features = 2;

ConditionalEnsemble untrained() {
  Rng rng(1);
  ConditionalEnsemble model(2, features, features, small(2), rng);
  for (ConditionalVelocityNet& net : model.members) set_constant_velocity(net, 0);
  return model;
}

OutOfFold out_of_fold() {
  OutOfFold out{heavy_tailed(cells, features, 5), std::vector<char>(cells, 1), normals(cells, 2, 3),
                Matrix<float>::Zero(cells, features)};
  return out;
}

}  // namespace

TEST_CASE("calibrate_intervals: of cells that it has not seen each end misses half of what its level leaves out") {
  ConditionalEnsemble model = untrained();
  const ModalityEncoder encoder = shift_encoder(features, 1000);
  Rng rng(7);
  calibrate_intervals(model, encoder, out_of_fold(), {.draws = 12}, rng);
  CHECK(model.interval_scale.value.row(1).minCoeff() > 2 * model.interval_scale.value.row(0).maxCoeff());
  const Matrix<float> truth = heavy_tailed(cells, features, 8);
  const PredictionIntervals p = predict_intervals(
      model, encoder, {normals(cells, 2, 9), Matrix<float>::Zero(cells, features)}, {.draws = 12}, rng);
  for (Index f = 0; f < features; ++f) {
    const auto share = [&](auto holds) {
      double count = 0;
      for (Index i = 0; i < cells; ++i) count += holds(i) ? 1 : 0;
      return count / double(cells);
    };
    // Five standard errors of a share of 6,000 cells that were calibrated on 6,000 others.
    const auto within = [](double q) { return Approx(q).margin(5 * std::sqrt(2 * q * (1 - q) / double(cells))); };
    CHECK(share([&](Index i) { return truth(i, f) < p.low50(i, f); }) == within(0.25));
    CHECK(share([&](Index i) { return truth(i, f) > p.high50(i, f); }) == within(0.25));
    CHECK(share([&](Index i) { return truth(i, f) < p.low80(i, f); }) == within(0.1));
    CHECK(share([&](Index i) { return truth(i, f) > p.high80(i, f); }) == within(0.1));
  }
}

TEST_CASE("calibrate_intervals: cells without truth do not count") {
  ConditionalEnsemble a = untrained(), b = untrained();
  const ModalityEncoder encoder = shift_encoder(features, 1000);
  OutOfFold some = out_of_fold();
  for (Index i = 0; i < cells; i += 2) some.measured[to_size(i)] = 0;
  Rng one(7), two(7);
  calibrate_intervals(a, encoder, some, {.draws = 4}, one);
  for (Index i = 0; i < cells; i += 2) some.truth.row(i).setConstant(1e6f);
  calibrate_intervals(b, encoder, some, {.draws = 4}, two);
  CHECK(a.interval_scale.value == b.interval_scale.value);
}

TEST_CASE("calibrate_intervals: each fold is calibrated by its own member, about the truth's own base") {
  // Samples of member 0 are ten times as wide as those of member 1, as is the truth of its fold: one scale fits both.
  ConditionalEnsemble model = untrained();
  const ModalityEncoder encoder = shift_encoder(features, 1000);
  OutOfFold cells_of = out_of_fold();
  cells_of.base = Matrix<float>::Zero(cells, features);
  const std::vector<Index> fold = model.folds(cells);
  for (Index i = 0; i < cells; ++i) {
    cells_of.base.row(i).setConstant(float(100 * (i % 3)));
    cells_of.truth.row(i) = cells_of.base.row(i).array() + 1000.0f;  // no error at all
  }
  Rng rng(7);
  calibrate_intervals(model, encoder, cells_of, {.draws = 4}, rng);
  CHECK((model.interval_scale.value.array() == 0.05f).all());  // the smallest there is
  set_constant_velocity(model.members[0], 50);                 // far off, by its own samples alone
  for (Index i = 0; i < cells; ++i) {
    cells_of.predicted_mean.row(i).setConstant(fold[to_size(i)] == 0 ? 50.0f : 0.0f);
    cells_of.truth.row(i).array() += fold[to_size(i)] == 0 ? 50.0f : 0.0f;
  }
  calibrate_intervals(model, encoder, cells_of, {.draws = 4}, rng);
  CHECK((model.interval_scale.value.array() == 0.05f).all());
}

TEST_CASE("calibrate_intervals: the number of threads does not matter; wrong shapes are named") {
  const int before = threads();
  const ModalityEncoder encoder = shift_encoder(features, 1000);
  Matrix<float> scale;
  for (const int n : {1, 2}) {
    set_threads(n);
    ConditionalEnsemble model = untrained();
    Rng rng(7);
    calibrate_intervals(model, encoder, out_of_fold(), {.draws = 4}, rng);
    CHECK((n == 1 || model.interval_scale.value == scale));
    scale = model.interval_scale.value;
  }
  set_threads(before);
  ConditionalEnsemble model = untrained();
  Rng rng(7);
  OutOfFold wrong = out_of_fold();
  CHECK_THROWS_WITH(calibrate_intervals(model, encoder, wrong, {.draws = 1}, rng), ContainsText("draws must be"));
  CHECK_THROWS_WITH(calibrate_intervals(model, encoder, wrong, {.steps = -1}, rng),
                    ContainsText("calibrate_intervals: steps must be at least 1, got -1"));
  wrong.condition = normals(5, 2, 1);
  CHECK_THROWS_WITH(calibrate_intervals(model, encoder, wrong, {}, rng), ContainsText("conditions of 5"));
  wrong = out_of_fold();
  wrong.truth = Matrix<float>::Zero(cells, features + 1);
  CHECK_THROWS_WITH(calibrate_intervals(model, encoder, wrong, {}, rng),
                    ContainsText("truth of 3 features for a model of 2"));
  wrong = out_of_fold();
  wrong.base = Matrix<float>::Zero(cells, 1);
  CHECK_THROWS_WITH(calibrate_intervals(model, encoder, wrong, {}, rng), ContainsText("base (6000, 1)"));
  wrong = out_of_fold();
  CHECK_THROWS_WITH(calibrate_intervals(model, shift_encoder(features + 1, 0), wrong, {}, rng),
                    ContainsText("calibrate_intervals: the encoder has 3 features"));
}
