#include <latentcell/trajectory/fit_velocity.hpp>

#include <latentcell/trajectory/predict.hpp>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using moving_cells::small_options;
using moving_cells::two_lines;

TEST_CASE("fit_velocity: a planted drift is learned in both directions, in the cells' own time range") {
  const LatentTable cells = two_lines(100, {1, 3}, 1);
  Rng rng(3);
  trajectory::Model model(small_options(), rng);
  TrainState<float> state;
  trajectory::fit_velocity(model, cells, {.epochs = 40, .batch = 128, .learning_rate = 3e-3f, .ema = 0.99f}, state);
  CHECK(state.history.epochs.size() == 40);
  CHECK(model.velocity.first_time() == 1);
  CHECK(model.velocity.last_time() == 3);
  Matrix<float> z = cells.mean.topRows(50);
  const std::vector<double> begin(50, 1.0), end(50, 3.0);
  trajectory::advance_in_time(model.velocity, z, begin, end, 20, rng);
  CHECK(double(z.col(0).mean()) == Approx(9).margin(0.4));
  trajectory::advance_in_time(model.velocity, z, end, begin, 20, rng);
  CHECK(double(z.col(0).mean()) == Approx(3).margin(0.4));
}

TEST_CASE("fit_velocity: validation, patience and latents of another width are refused") {
  Rng rng(3);
  trajectory::Model model(small_options(), rng);
  TrainState<float> state;
  CHECK_THROWS_WITH(trajectory::check_velocity_options({.validation = 0.1f}), ContainsText("has no validation"));
  LatentTable wide = two_lines(20, {0, 1}, 1);
  wide.mean.conservativeResize(40, 3);
  CHECK_THROWS_WITH(trajectory::fit_velocity(model, wide, {.epochs = 1}, state),
                    ContainsText("3 dimensions for a velocity of 2"));
}
