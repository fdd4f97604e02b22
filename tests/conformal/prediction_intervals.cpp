#include <latentcell/conformal/calibrate.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::conformal;

TEST_CASE("GroupMeans: means of what is predicted, by hand; at least a thousandth; all one without groups") {
  Matrix<float> mean(4, 2);
  mean << 1, 0, 3, -2, 5, 0.5f, 7, 0.5f;
  const GroupMeans levels(mean, {0, 0, 2, 2});
  CHECK(levels.of(1) == RowVector<float>{{2, GroupMeans::smallest}});
  CHECK(levels.of(3) == RowVector<float>{{6, 0.5f}});
  CHECK(GroupMeans(mean, {}).of(3) == RowVector<float>{{1, 1}});
  CHECK_THROWS_WITH(GroupMeans(mean, {0, 1}), ContainsText("2 groups"));
  CHECK_THROWS_WITH(GroupMeans(mean, {0, 1, -1, 0}), ContainsText("none below 0"));
}

TEST_CASE("intervals: a group where a feature is rarer has narrower ones, by the ratio of the levels") {
  Rng rng(4);
  constexpr Index cells = 60, features = 3;
  Counts counts(features);
  for (Index i = 0; i < cells; ++i) {
    for (Index f = 0; f < features; ++f) counts.push(std::int32_t(f), float(1 + rng.below(20)));
    counts.end_row();
  }
  const Modality known{"x", counts, std::vector<char>(cells, 1), {"a", "b", "c"}};
  ModalityEncoder code({"x", known.features, features});
  code.fit(known, rng);
  ConditionalEnsemble model(2, features, features,
                            {.members = 2, .velocity_net = {.width = 8, .depth = 1, .condition = 8}, .fold_seed = 3},
                            rng);
  Matrix<float> told(cells, 2);
  for (Index i = 0; i < told.size(); ++i) told.data()[i] = float(rng.normal());
  Matrix<float> base = Matrix<float>::Zero(cells, features);
  base.bottomRows(cells / 2).setConstant(-0.5f);  // the second half expresses less
  std::vector<int> halves(cells, 0);
  std::fill(halves.begin() + cells / 2, halves.end(), 1);
  Rng means(5);
  const Matrix<float> said = mean_latents(model, told, means);
  const auto predicted = [&](const std::vector<int>& group) {
    Rng own(6);
    return predict_intervals(model, code, {told, said, base, group}, {.draws = 8}, own);
  };
  const PredictionIntervals plain = predicted({}), grouped = predicted(halves);
  CHECK(plain.mean == grouped.mean);
  const RowVector<float> level[2] = {plain.mean.topRows(cells / 2).cwiseMax(0.0f).colwise().mean(),
                                     plain.mean.bottomRows(cells / 2).cwiseMax(0.0f).colwise().mean()};
  CHECK((level[1].array() < level[0].array()).all());
  for (const Index i : {Index(3), cells - 2}) {
    const RowVector<float> wide = plain.high80.row(i) - plain.mean.row(i),
                           own = grouped.high80.row(i) - grouped.mean.row(i);
    for (Index f = 0; f < features; ++f)
      CHECK(own(f) == Approx(wide(f) * level[i < cells / 2 ? 0 : 1](f)).epsilon(1e-3).margin(1e-5));
  }
  // Widths that were learned with the levels cover as those without where the level is one for all.
  const auto learned = [&](const std::vector<int>& group) {
    Rng own(7);
    const Matrix<float> truth = code.log_normalized(known), zero = Matrix<float>::Zero(cells, features);
    calibrate_intervals(model, code, {truth, known.measured, told, said, zero, group}, {.draws = 8}, own);
    Rng draws(8);
    return predict_intervals(model, code, {told, said, zero, group}, {.draws = 8}, draws);
  };
  const PredictionIntervals without = learned({}), with = learned(std::vector<int>(cells, 0));
  CHECK((without.high80 - with.high80).cwiseAbs().maxCoeff() < 1e-3f);
  CHECK((without.low50 - with.low50).cwiseAbs().maxCoeff() < 1e-3f);
}
