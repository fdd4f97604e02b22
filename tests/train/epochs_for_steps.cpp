#include <latentcell/train/epochs_for_steps.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("epochs_for_steps: as many epochs as make the steps") {
  const StepTarget target{.steps = 1000, .min_epochs = 2, .max_epochs = 300};
  CHECK(epochs_for_steps(640, 64, target) == 100);
  CHECK(epochs_for_steps(6400, 64, target) == 10);
}

TEST_CASE("epochs_for_steps: never fewer or more than allowed") {
  const StepTarget target{.steps = 1000, .min_epochs = 8, .max_epochs = 200};
  CHECK(epochs_for_steps(1000000, 64, target) == 8);
  CHECK(epochs_for_steps(100, 64, target) == 200);
  CHECK(epochs_for_steps(0, 64, target) == 200);
}

TEST_CASE("epochs_for_steps: an empty minibatch or range throws") {
  CHECK_THROWS_WITH(epochs_for_steps(10, 0, {}), ContainsText("got 0"));
  CHECK_THROWS_WITH(epochs_for_steps(10, 1, {.min_epochs = 9, .max_epochs = 8}), ContainsText("min_epochs 9"));
  CHECK_THROWS_WITH(epochs_for_steps(10, 1, {.steps = 0}),
                    ContainsText("epochs_for_steps: steps must be at least 1, got 0"));
  CHECK_THROWS_WITH(epochs_for_steps(10, 1, {.min_epochs = -1}),
                    ContainsText("epochs_for_steps: min_epochs must be at least 0, got -1"));
}
