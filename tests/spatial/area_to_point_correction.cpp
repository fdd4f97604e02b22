#include <latentcell/spatial/area_to_point_correction.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using spatial::area_to_point_correction;
using spatial::Locations;

namespace {

// Spots at x = 0 and x = 10 of slice 0, and at x = 0 of slice 1.
Locations spots() {
  Matrix<float> at(3, 2);
  at << 0, 0, 10, 0, 0, 0;
  return {at, {0, 0, 1}};
}

Locations cells() {
  Matrix<float> at(5, 2);
  at << 1, 0, -1, 0, 9, 0, 0, 1, 4, 0;
  return {at, {0, 0, 0, 1, 0}};
}

}  // namespace

TEST_CASE("nearest_spots: the nearest of the location's own slice; each spot's locations are counted") {
  const std::vector<Index> spot = spatial::nearest_spots(spots(), cells());
  CHECK(spot == std::vector<Index>{0, 0, 1, 2, 0});
  CHECK(spatial::cells_per_spot(spot, 3) == std::vector<Index>{3, 1, 1});
  Locations wrong = cells();
  wrong.slice.pop_back();
  CHECK_THROWS_WITH(spatial::nearest_spots(spots(), wrong), ContainsText("nearest_spots: coordinates (5, 2) and 4"));
  wrong = cells();
  wrong.slice[3] = 2;
  CHECK_THROWS_WITH(spatial::nearest_spots(spots(), wrong), ContainsText("slice 2 has locations but no spot"));
}

TEST_CASE("area_to_point_correction: locations average to their spot's value and differ as predicted") {
  Matrix<float> values(3, 1), predicted(5, 1);
  values << 4, 8, 1;
  predicted << 2, 4, 5, 7, 3;
  const std::vector<Index> spot{0, 0, 1, 2, 0};
  const Matrix<float> moved = predicted + area_to_point_correction(values, spot, predicted);
  CHECK((moved(0, 0) + moved(1, 0) + moved(4, 0)) / 3 == Approx(4));
  CHECK(moved(1, 0) - moved(0, 0) == Approx(2));
  CHECK(moved(2, 0) == Approx(8));
  CHECK(moved(3, 0) == Approx(1));
  CHECK(area_to_point_correction(values, spot, moved).cwiseAbs().maxCoeff() < 1e-6f);
  CHECK_THROWS_WITH(area_to_point_correction(values, {0}, predicted), ContainsText("area_to_point_correction: 1 loc"));
}
