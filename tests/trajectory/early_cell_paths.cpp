#include <latentcell/trajectory/early_cell_paths.hpp>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("early_cell_paths: cells of the first tenth of the time, followed to its end") {
  const LatentTable reference = moving_cells::two_lines(10, {0, 0.5, 1, 10}, 1);
  const auto model = moving_cells::constant_velocity(10, 3, 0);
  Rng rng(2);
  const auto paths = trajectory::early_cell_paths(model, reference, 25, rng);
  REQUIRE(paths.size() == 31);
  CHECK(paths.front().rows() == 25);
  CHECK(paths.front().col(0).maxCoeff() < 5);  // times 0, 0.5 and 1, none of 10
  CHECK(paths.front().col(0).minCoeff() < 1);
  // A cell of time t begins at about 3 t and ends at about 30.
  for (Index i = 0; i < 25; ++i) CHECK(double(paths.back()(i, 0)) == Approx(30).margin(1.5));
  CHECK(trajectory::early_cell_paths(model, reference, 100, rng).front().rows() == 30);
}
