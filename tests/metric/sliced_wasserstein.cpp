#include <latentcell/metric/sliced_wasserstein.hpp>

#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("sliced_wasserstein: equals POT along the same directions, for equal and different sizes") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), y = reference.floats("y"), z = reference.floats("z");
  const Matrix<double>& directions = reference.matrix("directions");
  CHECK(metric::sliced_wasserstein(view(x), view(y), view(directions)) ==
        Approx(reference.number("sliced_wasserstein")).epsilon(1e-10));
  CHECK(metric::sliced_wasserstein(view(x), view(z), view(directions)) ==
        Approx(reference.number("sliced_wasserstein_unequal")).epsilon(1e-10));
}

TEST_CASE("sliced_wasserstein: a shift by s in D dimensions costs s / sqrt(D)") {
  const Matrix<float> x = Reference("metric").floats("x");
  Matrix<float> moved = x;
  moved.col(2).array() += 3.0f;
  Rng rng(1);
  const double found = metric::sliced_wasserstein(view(x), view(moved), {.projections = 20000}, rng);
  CHECK(found == Approx(3 / std::sqrt(5.0)).epsilon(0.02));
  CHECK(metric::sliced_wasserstein(view(x), view(x), {}, rng) == 0.0);
}

TEST_CASE("sliced_wasserstein: the same seed gives the same with 1 and 3 threads") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), z = reference.floats("z");
  const int before = threads();
  Rng a(5), b(5);
  set_threads(1);
  const double one = metric::sliced_wasserstein(view(x), view(z), {}, a);
  set_threads(3);
  CHECK(metric::sliced_wasserstein(view(x), view(z), {}, b) == one);
  set_threads(before);
}

TEST_CASE("sliced_wasserstein: refuses no projections and other widths") {
  const Matrix<float> x = Matrix<float>::Ones(4, 2), y = Matrix<float>::Ones(4, 3);
  Rng rng(2);
  CHECK_THROWS_WITH(metric::sliced_wasserstein(view(x), view(x), {.projections = 0}, rng), ContainsText("got 0"));
  CHECK_THROWS_WITH(metric::sliced_wasserstein(view(x), view(y), {}, rng), ContainsText("2 and 3 coordinates"));
}
