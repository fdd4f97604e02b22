#include <latentcell/metric/median_distance.hpp>

#include <algorithm>
#include <cmath>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("median_distance: equals numpy's median over all pairs") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), z = reference.floats("z");
  Matrix<float> pooled(70, 5);
  pooled << x, z;
  CHECK(metric::median_distance(view(pooled)) == Approx(reference.number("median_distance")).epsilon(1e-6));
}

TEST_CASE("median_distance: odd and even numbers of pairs, equal points included") {
  const std::vector<float> three{0, 1, 5}, four{0, 1, 5, 5};
  CHECK(metric::median_distance(ConstView<float>(three.data(), 3, 1)) == 4.0);  // 1 4 5
  CHECK(metric::median_distance(ConstView<float>(four.data(), 4, 1)) == 4.0);   // 0 1 4 4 5 5
  const std::vector<float> pair{2, 2.5f}, equal{3, 3, 3};
  CHECK(metric::median_distance(ConstView<float>(pair.data(), 2, 1)) == 0.5);
  CHECK(metric::median_distance(ConstView<float>(equal.data(), 3, 1)) == 0.0);
  const std::vector<float> even{0, 1, 3, 7};  // 1 2 3 4 6 7
  CHECK(metric::median_distance(ConstView<float>(even.data(), 4, 1)) == 3.5);
}

TEST_CASE("median_distance: equals sorting for sets larger than one part") {
  Rng rng(1);
  Matrix<float> x(700, 2);
  for (Index k = 0; k < x.size(); ++k) x.data()[k] = float(rng.normal());
  std::vector<double> all;
  for (Index i = 0; i < 700; ++i) {
    for (Index j = i + 1; j < 700; ++j) {
      all.push_back(std::hypot(double(x(i, 0)) - double(x(j, 0)), double(x(i, 1)) - double(x(j, 1))));
    }
  }
  std::sort(all.begin(), all.end());
  const double median = 0.5 * (all[(all.size() - 1) / 2] + all[all.size() / 2]);
  const int before = threads();
  for (int n : {1, 3}) {
    set_threads(n);
    CHECK(metric::median_distance(view(x)) == Approx(median).epsilon(1e-6));
  }
  set_threads(before);
}

TEST_CASE("median_distance: refuses one point") {
  const Matrix<float> x = Matrix<float>::Ones(1, 2);
  CHECK_THROWS_WITH(metric::median_distance(view(x)), ContainsText("at least two points, got 1"));
}
