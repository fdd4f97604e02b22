#include <latentcell/metric/energy_distance.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("energy_distance: equals the formula in numpy") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), z = reference.floats("z");
  CHECK(metric::energy_distance(view(x), view(z)) == Approx(reference.number("energy_distance")).epsilon(1e-10));
  CHECK(metric::energy_distance(view(z), view(x)) == Approx(reference.number("energy_distance")).epsilon(1e-10));
}

TEST_CASE("energy_distance: two heaps of equal points are twice their distance apart") {
  const Matrix<float> x = Matrix<float>::Zero(4, 2);
  Matrix<float> y = Matrix<float>::Zero(3, 2);
  y.col(0).setConstant(3);
  y.col(1).setConstant(4);
  CHECK(metric::energy_distance(view(x), view(y)) == Approx(10.0));
}

TEST_CASE("energy_distance: refuses too few points") {
  const Matrix<float> one = Matrix<float>::Ones(1, 2), x = Matrix<float>::Ones(5, 2);
  CHECK_THROWS_WITH(metric::energy_distance(view(x), view(one)),
                    ContainsText("energy_distance: needs at least two points"));
}
