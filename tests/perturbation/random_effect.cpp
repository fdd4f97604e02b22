#include <latentcell/perturbation/random_effect.hpp>

#include <cmath>

#include "support/catch.hpp"

using namespace latentcell;
using perturbation::RandomEffect;

TEST_CASE("RandomEffect: the common effect of groups is their mean, shrunk to none") {
  RandomEffect effect(2, 0.3, 0.3);
  CHECK(effect.mean(0) == 0);
  effect.add(0, 0, {1.0, 1e-9});
  CHECK(effect.mean(0) == Approx(0.5));
  effect.add(1, 0, {0.0, 1e-9});
  CHECK(effect.mean(0) == Approx(1.0 / 3));
  CHECK(effect.mean(1) == 0);
  CHECK_THROWS_WITH(effect.add(0, 0, {1.0, 0.0}), ContainsText("variance must be above 0, got 0"));
}

TEST_CASE("RandomEffect: however exact its measurement, a group weighs little more than another") {
  RandomEffect effect(1, 0.3, 100);
  effect.add(0, 0, {1.0, 1e-9});
  effect.add(1, 0, {0.0, 0.01});
  CHECK(effect.mean(0) == Approx(0.5).margin(0.05));
  effect.add(2, 0, {7.0, 1e9});  // a measurement without weight
  CHECK(effect.mean(0) == Approx(0.5).margin(0.05));
}

TEST_CASE("RandomEffect: measurements at several slopes give the line through them") {
  RandomEffect line(1, 0.0, 1e6);
  line.add(0, 0, {0.2, 0.01, 0.5});
  line.add(1, 0, {0.4, 0.01, 1.0});
  CHECK(line.mean(0) == Approx(0.4));
  line.add(2, 0, {1.2, 0.01, 3.0});
  CHECK(line.mean(0) == Approx(0.4));
}

TEST_CASE("RandomEffect: a group measured at eight doses weighs as much as one that is measured once") {
  RandomEffect effect(1, 0.3, 1e3);
  for (int dose = 0; dose < 8; ++dose) effect.add(0, 0, {1.0, 1e-6});
  effect.add(1, 0, {0.0, 1e-6});
  CHECK(effect.mean(0) == Approx(0.5).margin(1e-3));
}

TEST_CASE("RandomEffect: at a small slope the difference between groups is as much smaller as the effect") {
  RandomEffect effect(1, 0.3, 1e3);
  effect.add(0, 0, {0.1, 1e-6, 0.1});  // both are measured exactly: effects of 1 and 0
  effect.add(1, 0, {0.0, 1e-6, 1.0});
  CHECK(effect.mean(0) == Approx(0.5).margin(1e-3));
}
