#include <latentcell/metric/density_coverage.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("density_coverage: equals the authors' formula in numpy") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), z = reference.floats("z");
  const metric::DensityCoverage found = metric::density_coverage(view(x), view(z));
  CHECK(found.density == Approx(reference.matrix("density_coverage")(0, 0)));
  CHECK(found.coverage == Approx(reference.matrix("density_coverage")(0, 1)));
}

TEST_CASE("density_coverage: near 1 and 1 - 2^-k for one distribution, 0 far away, many at one mode") {
  Rng rng(1);
  Matrix<float> x(1000, 4), y(1000, 4);
  for (Index k = 0; k < x.size(); ++k) {
    x.data()[k] = float(rng.normal());
    y.data()[k] = float(rng.normal());
  }
  const metric::DensityCoverage same = metric::density_coverage(view(x), view(y));
  CHECK(same.density == Approx(1.0).margin(0.07));
  CHECK(same.coverage == Approx(1 - std::pow(0.5, 5)).margin(0.02));
  y.array() *= 0.1f;
  const metric::DensityCoverage crowded = metric::density_coverage(view(x), view(y));
  CHECK(crowded.density > 1.3);
  CHECK(crowded.coverage < 0.5);
  y.array() += 50.0f;
  const metric::DensityCoverage far = metric::density_coverage(view(x), view(y));
  CHECK(far.density == 0.0);
  CHECK(far.coverage == 0.0);
}

TEST_CASE("density_coverage: refuses fewer real points than neighbors") {
  const Matrix<float> x = Matrix<float>::Ones(5, 2), none(0, 2);
  CHECK_THROWS_WITH(metric::density_coverage(view(x), view(x)), ContainsText("5 neighbors among 5 real points"));
  CHECK_THROWS_WITH(metric::density_coverage(view(x), view(none), {.neighbors = 2}),
                    ContainsText("no generated points"));
}
