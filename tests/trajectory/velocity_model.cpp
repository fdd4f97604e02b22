#include <latentcell/trajectory/velocity_model.hpp>

#include <latentcell/autodiff/tape.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using trajectory::Direction;
using trajectory::VelocityModel;

TEST_CASE("VelocityModel: the clock runs from 0 at the first to 1 at the last time, and on beyond") {
  Rng rng(1);
  VelocityModel model({.net = {.latent = 2, .width = 8, .depth = 1, .condition = 2}}, rng);
  model.time_range.value << 270, 470;
  CHECK(model.first_time() == 270);
  CHECK(model.last_time() == 470);
  CHECK(model.clock(270) == 0);
  CHECK(model.clock(370) == 0.5);
  CHECK(model.clock(470) == 1);
  CHECK(model.clock(570) == 1.5);
}

TEST_CASE("VelocityModel: the two directions of time have velocities of their own, row by row") {
  Rng rng(1);
  VelocityModel model({.net = {.latent = 2, .width = 8, .depth = 1, .condition = 2}}, rng);
  const Matrix<float> z = Matrix<float>::Ones(2, 2);
  const std::vector<float> t(2, 0.5f);
  Tape<float> tape(Mode::no_gradient);
  const auto at = [&](Direction first, Direction second) {
    tape.reset();
    const std::vector<Direction> direction = {first, second};
    return Matrix<float>(model(tape, view(z), t, direction).value());
  };
  CHECK(at(Direction::forward, Direction::backward).isZero());  // an untrained net predicts rest
  each_param(model, [&](Param<float>& p) {
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] = float(0.3 * rng.normal());
  });
  const Matrix<float> mixed = at(Direction::forward, Direction::backward);
  CHECK(mixed.row(0) == at(Direction::forward, Direction::forward).row(1));
  CHECK(mixed.row(1) == at(Direction::backward, Direction::backward).row(0));
  CHECK((mixed.row(0) - mixed.row(1)).norm() > 1e-3f);
}

TEST_CASE("VelocityModel: nonsense is refused") {
  Rng rng(1);
  CHECK_THROWS_WITH(VelocityModel({.net = {.latent = 2, .width = 8, .depth = 1, .condition = 3}}, rng),
                    ContainsText("2 wide, not 3"));
  CHECK_THROWS_WITH(VelocityModel({.net = {.latent = 2, .width = 8, .depth = 1, .condition = 2}, .noise = -1}, rng),
                    ContainsText("noise must"));
}
