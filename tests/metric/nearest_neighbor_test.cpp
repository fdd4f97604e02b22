#include <latentcell/metric/nearest_neighbor_test.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("nearest_neighbor_test: equals scikit-learn's neighbors") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), y = reference.floats("y");
  const metric::NearestNeighborTest found = metric::nearest_neighbor_test(view(x), view(y));
  const std::vector<double> expected = reference.vector("nearest_neighbor_test");
  CHECK(found.accuracy == Approx(expected[0]));
  CHECK(found.real == Approx(expected[1]));
  CHECK(found.generated == Approx(expected[2]));
}

TEST_CASE("nearest_neighbor_test: one half for one distribution, 1 far apart, 0 for copies") {
  Rng rng(1);
  Matrix<float> x(600, 3), y(600, 3);
  for (Index k = 0; k < x.size(); ++k) {
    x.data()[k] = float(rng.normal());
    y.data()[k] = float(rng.normal());
  }
  CHECK(metric::nearest_neighbor_test(view(x), view(y)).accuracy == Approx(0.5).margin(0.05));
  CHECK(metric::nearest_neighbor_test(view(x), view(x)).accuracy == 0.0);
  y.array() += 100.0f;
  CHECK(metric::nearest_neighbor_test(view(x), view(y)).accuracy == Approx(1.0));
}

TEST_CASE("nearest_neighbor_test: refuses sets of different sizes") {
  const Matrix<float> x = Matrix<float>::Ones(4, 2), y = Matrix<float>::Ones(3, 2);
  CHECK_THROWS_WITH(metric::nearest_neighbor_test(view(x), view(y)), ContainsText("got 4 and 3 points; subsample"));
}
