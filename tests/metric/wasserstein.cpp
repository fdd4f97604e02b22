#include <latentcell/metric/wasserstein.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("wasserstein2: equals SciPy's assignment") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), y = reference.floats("y");
  CHECK(metric::wasserstein2(view(x), view(y)) == Approx(reference.number("wasserstein2")).epsilon(1e-7));
}

TEST_CASE("wasserstein2: a shift costs its length, reordered points cost nothing") {
  const Matrix<float> x = Reference("metric").floats("x");
  Matrix<float> moved = x.colwise().reverse();
  CHECK(metric::wasserstein2(view(x), view(moved)) == 0.0);
  moved.col(0).array() += 3.0f;
  moved.col(1).array() += 4.0f;
  CHECK(metric::wasserstein2(view(x), view(moved)) == Approx(5.0).epsilon(1e-6));
}

TEST_CASE("wasserstein2: refuses sets of different sizes and widths") {
  const Matrix<float> x = Matrix<float>::Ones(4, 2), y = Matrix<float>::Ones(3, 2), z = Matrix<float>::Ones(4, 3);
  CHECK_THROWS_WITH(metric::wasserstein2(view(x), view(y)),
                    ContainsText("got 4 and 3 points; subsample the larger one"));
  CHECK_THROWS_WITH(metric::wasserstein2(view(x), view(z)), ContainsText("2 and 3 coordinates"));
}

TEST_CASE("wasserstein1: a shift costs its length; on a line it is the mean gap of the sorted points") {
  const Matrix<float> x = Reference("metric").floats("x");
  Matrix<float> moved = x.colwise().reverse();
  moved.col(0).array() += 3.0f;
  moved.col(1).array() += 4.0f;
  CHECK(metric::wasserstein1(view(x), view(moved)) == Approx(5.0).epsilon(1e-5));
  Matrix<float> a(4, 1), b(4, 1);
  a << 3, 0, 1, 7;
  b << 2, 5, 9, 0;
  CHECK(metric::wasserstein1(view(a), view(b)) == Approx((0 + 1 + 2 + 2) / 4.0));
  CHECK_THROWS_WITH(metric::wasserstein1(view(a), view(x)), ContainsText("wasserstein1"));
}
