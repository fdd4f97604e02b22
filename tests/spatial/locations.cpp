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

TEST_CASE("origin_of: coordinates far from 0 keep what floats would lose, near ones stay as they are") {
  Matrix<double> far(3, 2);
  far << 5e7, 1, 5e7 + 0.5, 2, 5e7 + 3, 3;
  const spatial::Origin origin = spatial::origin_of(far);
  CHECK(origin.x == 50000002);
  CHECK(origin.y == 0);
  const Matrix<float> near = origin.to_floats(far);
  CHECK(near(1, 0) - near(0, 0) == 0.5f);
  CHECK(origin.add_to(near) == far);
  const Matrix<double> usual = near.cast<double>();
  CHECK(spatial::origin_of(usual) == spatial::Origin{});
  CHECK(spatial::origin_of(Matrix<double>(0, 2)) == spatial::Origin{});
}
