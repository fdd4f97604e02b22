#include <latentcell/spatial/spatial.hpp>

#include "support/catch.hpp"

TEST_CASE("spatial.hpp: has the verbs of the wing") {
  namespace s = latentcell::spatial;
  CHECK(s::imputation_metrics().size() == 8);
  const s::Options defaults;
  CHECK(defaults.target.components == 20);
  CHECK(s::TrainingOptions{}.members.target.steps == 1500);
}
