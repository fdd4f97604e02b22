#include <algorithm>
#include <numeric>

#include <latentcell/core/rng.hpp>
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

TEST_CASE("wasserstein: no assignment is shorter, of distances for 1 and of their squares for 2") {
  Rng rng(5);
  for (int round = 0; round < 10; ++round) {
    Matrix<float> x(6, 2), y(6, 2);
    for (Index i = 0; i < 12; ++i) x.data()[i] = float(rng.normal()), y.data()[i] = float(2 * rng.normal());
    std::vector<Index> order(6);
    std::iota(order.begin(), order.end(), Index(0));
    double least1 = 1e9, least2 = 1e9;
    do {
      double sum1 = 0, sum2 = 0;
      for (Index i = 0; i < 6; ++i) {
        const double d2 = double((x.row(i) - y.row(order[to_size(i)])).squaredNorm());
        sum1 += std::sqrt(d2), sum2 += d2;
      }
      least1 = std::min(least1, sum1 / 6), least2 = std::min(least2, std::sqrt(sum2 / 6));
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(metric::wasserstein1(view(x), view(y)) == Approx(least1).epsilon(1e-5));
    CHECK(metric::wasserstein2(view(x), view(y)) == Approx(least2).epsilon(1e-5));
  }
}

TEST_CASE("wasserstein1: one long way may be shorter than two of middle length, which have the smaller squares") {
  Matrix<float> x(2, 2), y(2, 2);
  x << 0, 0, 1, 0;
  y << 1, 0, 2, 0.5f;
  CHECK(metric::wasserstein1(view(x), view(y)) == Approx(std::sqrt(4.25) / 2));
  CHECK(metric::wasserstein2(view(x), view(y)) == Approx(std::sqrt((1 + 1.25) / 2)));
}
