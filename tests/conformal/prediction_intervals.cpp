#include <latentcell/conformal/prediction_intervals.hpp>

#include "conformal/fixtures.hpp"
#include "support/catch.hpp"

using namespace conformal_fixtures;

namespace {

constexpr Index cells = 40, features = 3;

struct Setting {
  ModalityEncoder encoder = shift_encoder(features, 100);
  ConditionalEnsemble model = [] {
    Rng rng(1);
    return ConditionalEnsemble(2, features, features, small(2), rng);
  }();
  IntervalQuery query{normals(cells, 2, 3), Matrix<float>::Zero(cells, features)};

  PredictionIntervals predict(Index draws = 16) const {
    Rng rng(6);
    return predict_intervals(model, encoder, query, {.draws = draws}, rng);
  }
};

}  // namespace

TEST_CASE("predict_intervals: every end takes the scale of its own level") {
  Setting s;
  const PredictionIntervals one = s.predict();
  s.model.interval_scale.value.row(0).setConstant(2);
  s.model.interval_scale.value.row(1).setConstant(5);
  const PredictionIntervals scaled = s.predict();
  CHECK(one.mean == scaled.mean);
  const auto ratio = [&](const Matrix<float>& wide, const Matrix<float>& narrow) {
    return double(((wide - one.mean).array() / (narrow - one.mean).array()).mean());
  };
  CHECK(ratio(scaled.low50, one.low50) == Approx(2).epsilon(1e-3));
  CHECK(ratio(scaled.high50, one.high50) == Approx(2).epsilon(1e-3));
  CHECK(ratio(scaled.low80, one.low80) == Approx(5).epsilon(1e-3));
  CHECK(ratio(scaled.high80, one.high80) == Approx(5).epsilon(1e-3));
}

TEST_CASE("predict_intervals: ends lie about the mean, 80 % outside 50 %, none below zero") {
  Setting s;
  const PredictionIntervals p = s.predict();
  CHECK((p.low80.array() <= p.low50.array()).all());
  CHECK((p.high50.array() <= p.high80.array()).all());
  CHECK((p.low50 - p.mean).mean() < 0);
  CHECK((p.high50 - p.mean).mean() > 0);
  CHECK((p.mean.array() == 100.0f).all());
  s.encoder = shift_encoder(features, 0.1f);
  const PredictionIntervals low = s.predict();
  CHECK(low.low80.minCoeff() == 0);
  CHECK(low.high80.minCoeff() >= 0);
}

TEST_CASE("predict_intervals: samples come from every member in turn") {
  Setting s;
  for (std::size_t m = 0; m < 2; ++m) set_constant_velocity(s.model.members[m], m == 0 ? -50.0f : 50.0f);
  const PredictionIntervals p = s.predict(32);
  CHECK((p.high50 - p.low50).minCoeff() > 90);
}

TEST_CASE("predict_intervals: the base moves the mean and the ends alike") {
  Setting s;
  const PredictionIntervals before = s.predict();
  s.query.base = Matrix<float>::Constant(cells, features, 7);
  const PredictionIntervals after = s.predict();
  for (auto end : {&PredictionIntervals::mean, &PredictionIntervals::low50, &PredictionIntervals::high80})
    CHECK((after.*end - before.*end - s.query.base).cwiseAbs().maxCoeff() < 1e-3f);
}

TEST_CASE("predict_intervals: a group where a feature is rarer has narrower intervals, by the ratio of the means") {
  Setting s;
  s.encoder = shift_encoder(features, 8);
  s.model.interval_scale.value.setConstant(0.1f);
  s.query.base = Matrix<float>::Zero(cells, features);
  s.query.base.bottomRows(cells / 2).setConstant(-4);
  const PredictionIntervals plain = s.predict();
  s.query.group.assign(cells, 0);
  std::fill(s.query.group.begin() + cells / 2, s.query.group.end(), 1);
  const PredictionIntervals grouped = s.predict();
  const auto width = [](const PredictionIntervals& p, Index i) { return double(p.high80(i, 0) - p.low80(i, 0)); };
  CHECK(width(grouped, 3) == Approx(8 * width(plain, 3)).epsilon(1e-2));
  CHECK(width(grouped, cells - 2) == Approx(4 * width(plain, cells - 2)).epsilon(1e-2));
}

TEST_CASE("predict_intervals: means alone without samples; one sample is refused, as are other shapes") {
  Setting s;
  const PredictionIntervals p = s.predict(0);
  CHECK(p.mean.rows() == cells);
  CHECK(p.low50.size() + p.high50.size() + p.low80.size() + p.high80.size() == 0);
  CHECK_THROWS_WITH(s.predict(1), ContainsText("draws must be 0 or at least 2, got 1"));
  CHECK_THROWS_WITH(s.predict(-1), ContainsText("predict_intervals: draws must be at least 0, got -1"));
  Rng rng(6);
  CHECK_THROWS_WITH(predict_intervals(s.model, s.encoder, s.query, {.steps = 0}, rng),
                    ContainsText("predict_intervals: steps must be at least 1, got 0"));
  s.query.condition = normals(cells, 3, 3);
  CHECK_THROWS_WITH(s.predict(), ContainsText("condition (40, 3)"));
  Setting t;
  t.query.base = Matrix<float>::Zero(cells, features + 1);
  CHECK_THROWS_WITH(t.predict(), ContainsText("base (40, 4) for predicted means (40, 3)"));
  t.query.base = Matrix<float>::Zero(1, features);
  CHECK_THROWS_WITH(t.predict(), ContainsText("base (1, 3)"));
  t.query.base = {};
  t.encoder = shift_encoder(features + 1, 0);
  CHECK_THROWS_WITH(t.predict(), ContainsText("the encoder has 4 features and a latent of 4, the model 3 and 3"));
  t.encoder = shift_encoder(features, 0);
  t.query.predicted_mean = Matrix<float>::Zero(cells, features + 1);
  CHECK_THROWS_WITH(t.predict(), ContainsText("predicted means of 4 numbers"));
}

TEST_CASE("PredictionIntervals: shift moves all of it, and nothing falls below zero") {
  PredictionIntervals p{Matrix<float>{{1, 5}}, Matrix<float>{{0, 4}}, Matrix<float>{{2, 6}}};
  p.shift(Matrix<float>{{-1.5f, 2}});
  CHECK(p.mean == Matrix<float>{{0, 7}});
  CHECK(p.low50 == Matrix<float>{{0, 6}});
  CHECK(p.high50 == Matrix<float>{{0.5f, 8}});
  CHECK(p.low80.size() == 0);
}
