#include <latentcell/perturbation/response_residual.hpp>

#include <latentcell/core/random_draw.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;
using Moments = GroupMoments;
using Grouping = ResponseResidual::Grouping;

namespace {

// Cells of negative binomial counts, 1 / theta as given.     mean (G) per cell
Counts cells_of(const std::vector<double>& mean, double dispersion, Index cells, std::uint64_t seed) {
  Rng rng(seed);
  Counts out(Index(mean.size()));
  for (Index i = 0; i < cells; ++i) {
    for (std::size_t g = 0; g < mean.size(); ++g) {
      const double x = draw_negative_binomial(mean[g], 1 / dispersion, rng);
      if (x > 0) out.push(std::int32_t(g), float(x));
    }
    out.end_row();
  }
  return out;
}

Moments moments(const Counts& counts) { return {counts.view(), std::vector<int>(to_size(counts.rows()), 0), 1}; }

// The flow predicts half of gene 1's mean, and too much variance of gene 2; the control cells have all alike.
struct Pair {
  Moments observed = moments(cells_of({20, 20, 20, 20}, 0.2, 4000, 1));
  Moments predicted = moments(cells_of({20, 10, 20, 20}, 0.2, 4000, 2));
  Matrix<double> base = Matrix<double>::Constant(1, 4, 100.0);

  void add(ResponseResidual& to, const Matrix<float>& scale = Matrix<float>::Ones(1, 4), double slope = 1) const {
    to.add(observed, {predicted, scale, base}, 0, 0, slope);
  }
};

double effect(const ResponseResidual& r, Index gene, double control_weight) {
  const GroupEffects e = r.effects(1, control_weight);
  return e.value(0, gene) / e.precision(0, gene);
}

}  // namespace

TEST_CASE("ResponseResidual: log ratios of the means to the flow's and to the control cells'") {
  const Pair p;
  ResponseResidual r(4, Grouping::none);
  p.add(r);
  REQUIRE(r.records.size() == 1);
  // Predicted counts are scaled to the observed total, so the ratio is that of shares: 2 * 70 / 80.
  CHECK(effect(r, 1, 0) == Approx(std::log(2 * 70.0 / 80)).margin(0.05));
  CHECK(effect(r, 0, 0) == Approx(std::log(70.0 / 80)).margin(0.05));
  for (Index k = 0; k < 4; ++k) CHECK(effect(r, k, 1) == Approx(0).margin(0.03));
  CHECK(effect(r, 1, 0.5) == Approx(0.5 * (effect(r, 1, 0) + effect(r, 1, 1))).margin(1e-3));
}

TEST_CASE("ResponseResidual: groups of few counts that share an effect do not favor those that are large by chance") {
  // 400 groups of about two counts per gene, half of what the control cells have.
  ResponseResidual r(1, Grouping::none);
  Rng rng(4);
  for (Index g = 0; g < 400; ++g)
    r.records.push_back({g, 100, 1, {draw_poisson(2, rng)}, {std::log(4.0)}, {std::log(4.0)}, {0}});
  const GroupEffects e = r.effects(400, 1);
  const double mean = e.value.sum() / e.precision.sum();
  CHECK(mean == Approx(std::log(0.5)).margin(0.1));
}

TEST_CASE(
    "ResponseResidual: the effect per dose is recovered from doses far apart, and is finite where they disagree") {
  ResponseResidual r(2, Grouping::none);
  const double effect = 1.5;
  Index unit = 0;
  for (const double dose : {0.001, 0.1, 0.5, 1.0}) {
    const bool low = dose < 0.01;
    const double expected = low ? 1e4 : 200, other = low ? 1e4 : 1;
    r.records.push_back({unit++,
                         100,
                         dose,
                         {expected * std::exp(dose * effect), low ? 3e4 : 1.0},
                         {std::log(expected), std::log(other)},
                         {0, 0},
                         {0, 0}});
  }
  const GroupEffects e = r.effects(4, 0);
  CHECK(e.value.col(0).sum() / e.precision.col(0).sum() == Approx(effect).epsilon(0.01));
  CHECK(e.value.allFinite());
  CHECK(e.precision.allFinite());
}

TEST_CASE("ResponseResidual: a unit that is left out changes nothing for the others, and measures nothing") {
  ResponseResidual r(1, Grouping::none), without(1, Grouping::none);
  for (Index g = 0; g < 3; ++g) {
    r.records.push_back({g, 100, 1, {double(10 + 30 * g)}, {std::log(10.0)}, {std::log(20.0)}, {0.01}});
    if (g != 1) without.records.push_back(r.records.back());
  }
  const GroupEffects left = r.effects(3, 0.5, {1}), never = without.effects(3, 0.5);
  CHECK(left.precision(1, 0) == 0);
  CHECK(left.value == never.value);
  CHECK(left.precision == never.precision);
}

TEST_CASE("ResponseResidual: a scale on the prediction enters the ratio") {
  const Pair p;
  ResponseResidual scaled(4, Grouping::none);
  Matrix<float> scale = Matrix<float>::Ones(1, 4);
  scale(0, 1) = 2;
  p.add(scaled, scale);
  CHECK(std::abs(effect(scaled, 1, 0)) < 0.05);
}

TEST_CASE("ResponseResidual: at half the dose the effect of a whole is twice the log ratio") {
  const Pair p;
  ResponseResidual full(4, Grouping::none), half(4, Grouping::none);
  p.add(full);
  p.add(half, Matrix<float>::Ones(1, 4), 0.5);
  CHECK(effect(half, 1, 0) == Approx(2 * effect(full, 1, 0)).epsilon(1e-3));
}

TEST_CASE("ResponseResidual: recovers the ratio of variances beyond Poisson noise") {
  const std::vector<double> mean(40, 20.0);  // many genes, so that shares of the total vary as the genes do
  const Moments observed = moments(cells_of(mean, 0.1, 2000, 1)), wide = moments(cells_of(mean, 0.4, 2000, 2));
  const Matrix<float> scale = Matrix<float>::Ones(1, 40);
  const Matrix<double> base = Matrix<double>::Ones(1, 40);
  ResponseResidual r(40, Grouping::none), same(40, Grouping::none);
  r.add(observed, {wide, scale, base}, 0, 0, 1);
  same.add(wide, {wide, scale, base}, 0, 0, 1);
  double ratio = 0;
  for (Index g = 0; g < 40; ++g) {
    ratio += r.overdispersion.mean(g) / 40;
    CHECK(std::abs(same.overdispersion.mean(g)) < 0.05);
  }
  CHECK(ratio == Approx(std::log(0.1 / 0.4)).margin(0.1));
}

TEST_CASE("ResponseResidual: a group without observed or predicted cells changes nothing") {
  const Pair p;
  const Moments empty = moments(Counts(4));
  const Matrix<float> scale = Matrix<float>::Ones(1, 4);
  ResponseResidual r(4, Grouping::none);
  r.add(empty, {p.predicted, scale, p.base}, 0, 0, 1);
  r.add(p.observed, {empty, scale, p.base}, 0, 0, 1);
  CHECK(r.records.empty());
  CHECK(r.effects(1, 0).genes() == 0);
  for (Index g = 0; g < 4; ++g) CHECK(r.overdispersion.mean(g) == 0);
}
