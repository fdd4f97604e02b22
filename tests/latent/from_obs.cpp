#include <latentcell/condition/continuous_covariate.hpp>
#include <latentcell/latent/from_obs.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("from_obs: a reader and an encoder of other sizes are refused") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(from_obs("type", {"a"}, CategoricalCovariate<float>(2, 4, rng)),
                      ContainsText("column 'type' has 1 levels but its encoder 2"));
  REQUIRE_THROWS_WITH(from_obs(ObsVectors{"place", 3}, ContinuousCovariate<float>({.columns = 2}, rng)),
                      ContainsText("'place' gives 3 numbers a cell but its encoder reads 2"));
  CHECK(from_obs(ObsVectors{"place", 2}, ContinuousCovariate<float>({.columns = 2}, rng)).columns() == 2);
}
