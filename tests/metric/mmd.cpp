#include <latentcell/metric/mmd.hpp>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

namespace {

Matrix<float> cloud(Index rows, Index cols, double shift, Rng& rng) {
  Matrix<float> out(rows, cols);
  for (Index k = 0; k < out.size(); ++k) out.data()[k] = float(rng.normal() + shift);
  return out;
}

}  // namespace

TEST_CASE("mmd: equals the formula in numpy with the median heuristic") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), z = reference.floats("z");
  CHECK(metric::mmd(view(x), view(z)) == Approx(reference.number("mmd")).epsilon(1e-6));
  CHECK(metric::mmd(view(x), view(z), reference.number("median_distance")) ==
        Approx(reference.number("mmd")).epsilon(1e-10));
}

TEST_CASE("mmd: is zero on average for one distribution and has the closed form of two Gaussians") {
  // With k = exp(-(d / h)^2): E k(x, y) = (h^2 / (h^2 + 4))^(D/2) exp(-|shift|^2 / (h^2 + 4)) for unit Gaussians.
  Rng rng(1);
  const double h = 2.0, shift = 0.8;
  double same = 0, apart = 0;
  const int rounds = 200;
  for (int r = 0; r < rounds; ++r) {
    const Matrix<float> x = cloud(60, 2, 0, rng), y = cloud(50, 2, 0, rng), z = cloud(50, 2, shift, rng);
    same += metric::mmd(view(x), view(y), h) / rounds;
    apart += metric::mmd(view(x), view(z), h) / rounds;
  }
  const double inside = h * h / (h * h + 4);
  CHECK(same == Approx(0.0).margin(0.002));
  CHECK(apart == Approx(2 * inside * (1 - std::exp(-2 * shift * shift / (h * h + 4)))).margin(0.004));
}

TEST_CASE("mmd: symmetric, and the same for 1 and 3 threads") {
  Rng rng(2);
  const Matrix<float> x = cloud(400, 4, 0, rng), y = cloud(300, 4, 0.3, rng);
  const int before = threads();
  set_threads(1);
  const double one = metric::mmd(view(x), view(y));
  set_threads(3);
  CHECK(metric::mmd(view(x), view(y)) == one);
  set_threads(before);
  CHECK(metric::mmd(view(y), view(x)) == Approx(one).margin(1e-12));
}

TEST_CASE("mmd: refuses too few points, other widths and no bandwidth") {
  const Matrix<float> one = Matrix<float>::Ones(1, 2), x = Matrix<float>::Ones(5, 2), y = Matrix<float>::Ones(5, 3);
  CHECK_THROWS_WITH(metric::mmd(view(one), view(x)), ContainsText("at least two points on each side, got 1 and 5"));
  CHECK_THROWS_WITH(metric::mmd(view(x), view(y)), ContainsText("2 and 3 coordinates"));
  CHECK_THROWS_WITH(metric::mmd(view(x), view(x)), ContainsText("more than half of all pairs of points are equal"));
  CHECK_THROWS_WITH(metric::mmd(view(x), view(x), 0.0), ContainsText("bandwidth must be positive, got 0"));
}
