#include <latentcell/perturbation/group_effects.hpp>

#include <cmath>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

// effect (groups, G), each measured with the group's precision.
GroupEffects measured(const Matrix<double>& effect, const std::vector<double>& precision) {
  GroupEffects out(effect.rows(), effect.cols());
  for (Index g = 0; g < effect.rows(); ++g) {
    out.precision.row(g).setConstant(precision[to_size(g)]);
    out.value.row(g) = effect.row(g) * precision[to_size(g)];
  }
  return out;
}

// (2, 40): the groups' effects are 1 and 0.6.
Matrix<double> unequal() {
  Matrix<double> out = Matrix<double>::Constant(2, 40, 0.6);
  out.row(0).setOnes();
  return out;
}

}  // namespace

TEST_CASE("common_effect: what groups share exactly is returned, of one group and of several") {
  Rng rng(1);
  Matrix<double> one(1, 60);
  for (Index k = 0; k < 60; ++k) one(0, k) = k % 3 == 0 ? rng.normal() : 0.0;
  const Matrix<double> three = one.replicate(3, 1);
  const std::vector<double> alone = common_effect(measured(one, {1e6}), {1}),
                            shared = common_effect(measured(three, {1e6, 1e5, 1e6}), {1, 1, 1});
  for (Index k = 0; k < 60; ++k) {
    CHECK(alone[to_size(k)] == Approx(one(0, k)).margin(1e-3));
    CHECK(shared[to_size(k)] == Approx(one(0, k)).margin(1e-3));
  }
}

TEST_CASE("common_effect: where a few genes take most of the counts, all others fall alike and keep that") {
  // Noise of .3 on a fall of .5: shrunk to 0 gene by gene the fall would be lost.
  Rng rng(2);
  Matrix<double> effect(1, 300);
  for (Index k = 0; k < 300; ++k) effect(0, k) = (k < 10 ? 2.0 : -0.5) + 0.3 * rng.normal();
  const std::vector<double> common = common_effect(measured(effect, {1 / 0.09}), {1});
  double mean = 0, spread = 0;
  for (std::size_t k = 10; k < 300; ++k) mean += common[k] / 290;
  for (std::size_t k = 10; k < 300; ++k) spread += (common[k] - mean) * (common[k] - mean) / 290;
  CHECK(mean == Approx(-0.5).margin(0.05));
  CHECK(spread < 0.25 * 0.09);
  CHECK(common[3] == Approx(2).margin(0.6));
}

TEST_CASE("common_effect: without shrinkage means are as measured, and half of it lies half-way") {
  Rng rng(2);
  Matrix<double> effect(1, 300);
  for (Index k = 0; k < 300; ++k) effect(0, k) = 0.3 * rng.normal();
  const GroupEffects e = measured(effect, {1 / 0.09});
  const auto with = [&](double shrinkage) { return common_effect(e, {1}, GroupWeighting::random_effects, shrinkage); };
  const std::vector<double> raw = with(0), half = with(0.5), shrunk = with(1);
  for (std::size_t k = 0; k < 300; ++k) {
    CHECK(raw[k] == Approx(effect(0, Index(k))));
    CHECK(half[k] == Approx((raw[k] + shrunk[k]) / 2).margin(1e-9));
    CHECK(std::abs(shrunk[k]) < 0.2);
  }
}

TEST_CASE("common_effect: where groups differ, one of many cells counts little more than another; pooled it does") {
  const GroupEffects e = measured(unequal(), {1e6, 1e2});
  CHECK(common_effect(e, {1, 1})[0] == Approx(0.8).margin(0.1));
  CHECK(common_effect(e, {1, 1}, GroupWeighting::by_cells)[0] == Approx(1).margin(0.01));
}

TEST_CASE("common_effect: a group of weight 0 is left out, and one without measurements says nothing") {
  GroupEffects e = measured(unequal(), {1e6, 1e6});
  CHECK(common_effect(e, {1, 1e-40})[5] == Approx(1).margin(1e-3));  // next to none
  CHECK(common_effect(e, {1, 0})[5] == Approx(1).margin(1e-3));
  CHECK(common_effect(e, {0, 1})[5] == Approx(0.6).margin(1e-3));
  CHECK(common_effect(e, {0, 0})[5] == 0);
  e.precision.row(0).setZero();
  e.value.row(0).setZero();
  CHECK(common_effect(e, {1, 1})[5] == Approx(0.6).margin(1e-3));
  CHECK_THROWS_WITH(common_effect(e, {1}), ContainsText("1 weights for 2 groups"));
}

TEST_CASE("common_effect: one group that counts alone keeps its effects, whatever the precision") {
  Rng rng(9);
  Matrix<double> effect(3, 200);
  for (Index i = 0; i < effect.size(); ++i) effect.data()[i] = i % 5 == 1 ? rng.normal() : 0.0;
  GroupEffects e(3, 200);
  for (Index i = 0; i < effect.size(); ++i) {
    e.precision.data()[i] = 100 * std::exp(rng.normal());
    e.value.data()[i] = effect.data()[i] * e.precision.data()[i];
  }
  const std::vector<double> common = common_effect(e, {1e-30, 1, 1e-40});
  double error = 0;
  for (Index k = 0; k < 200; ++k) error += std::pow(common[to_size(k)] - effect(1, k), 2);
  CHECK(error < 0.02 * effect.row(1).squaredNorm());
}
