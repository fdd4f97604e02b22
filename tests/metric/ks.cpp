#include <latentcell/metric/ks.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using metric::ks_test;
using metric::KsTest;

TEST_CASE("ks_test: equals SciPy's exact test") {
  const Reference reference("metric");
  const std::vector<double> x = reference.vector("ks_x"), y = reference.vector("ks_y");
  const KsTest unequal = ks_test(x, y), equal = ks_test(std::span<const double>(x).first(22), y);
  CHECK(unequal.statistic == Approx(reference.matrix("ks_unequal")(0, 0)));
  CHECK(unequal.p_value == Approx(reference.matrix("ks_unequal")(0, 1)).epsilon(1e-10));
  CHECK(equal.statistic == Approx(reference.matrix("ks_equal")(0, 0)));
  CHECK(equal.p_value == Approx(reference.matrix("ks_equal")(0, 1)).epsilon(1e-10));
}

TEST_CASE("ks_test: the large-sample law is near Kolmogorov's limit and meets the exact one") {
  const Matrix<double> limit = Reference("metric").matrix("ks_limit");
  for (Index i = 0; i < limit.rows(); ++i) {
    CHECK(metric::detail::ks_limit(limit(i, 0), 5000, 4000) == Approx(limit(i, 1)).epsilon(0.05));
    CHECK(metric::detail::ks_limit(2 * limit(i, 0), 1300, 1000) ==
          Approx(metric::detail::ks_exact(2 * limit(i, 0), 1300, 1000)).margin(0.01));
  }
  CHECK(metric::detail::ks_limit(1e-6, 5000, 4000) == 1.0);
}

TEST_CASE("ks_test: 0 and 1 at the ends") {
  const std::vector<double> low{1, 2, 3}, high{4, 5, 6};
  CHECK(ks_test(low, low).statistic == 0.0);
  CHECK(ks_test(low, low).p_value == 1.0);
  CHECK(ks_test(low, high).statistic == 1.0);
  CHECK(ks_test(low, high).p_value == Approx(2.0 / 20));  // two of the 20 orders are as extreme
}

TEST_CASE("ks_test: samples of one law are rejected at the stated rate") {
  Rng rng(1);
  int rejected = 0;
  const int rounds = 1000;
  for (int r = 0; r < rounds; ++r) {
    std::vector<double> x(60), y(40);
    for (double& v : x) v = rng.uniform_double();
    for (double& v : y) v = rng.uniform_double();
    rejected += ks_test(x, y).p_value < 0.1;
  }
  CHECK(rejected < 0.1 * rounds + 40);
  CHECK(rejected > 0.07 * rounds - 40);
}

TEST_CASE("ks_test: refuses an empty sample and NaN") {
  const std::vector<double> none, some{1}, bad{std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_WITH(ks_test(none, some), ContainsText("got 0 and 1 numbers"));
  CHECK_THROWS_WITH(ks_test(some, bad), ContainsText("not a number"));
}
