#include <latentcell/spatial/locations.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("Locations: one location has its coordinates and slice and is no reference cell; shapes are checked") {
  Matrix<float> at(2, 2);
  at << 1, 2, 3, 4;
  spatial::Locations two{at, {5, 6}};
  CHECK(two.size() == 2);
  const spatial::Location second = two[1];
  CHECK(second.x == 3);
  CHECK(second.y == 4);
  CHECK(second.slice == 6);
  CHECK(second.row == -1);
  CHECK_NOTHROW(two.check("here"));
  two.slice.pop_back();
  CHECK_THROWS_WITH(two.check("here"), ContainsText("here: coordinates (2, 2) and 1 slices"));
  two = {Matrix<float>(2, 3), {0, 0}};
  CHECK_THROWS_WITH(two.check("here"), ContainsText("(2, 3)"));
}
