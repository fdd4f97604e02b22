#include <latentcell/kernel/stirling.hpp>

#include <cmath>

#include "support/catch.hpp"
#include "support/reference.hpp"

using latentcell::kernel::deviance;
using latentcell::kernel::stirling_error;
using latentcell::kernel::stirling_slope;

TEST_CASE("stirling: error and slope agree with mpmath") {
  const latentcell::Matrix<double> table = Reference("likelihood").matrix("gamma");
  for (const auto row : table.rowwise()) {
    CHECK(stirling_error(1.0 / row[0]) == Approx(row[3]).epsilon(1e-13));
    CHECK(stirling_slope(1.0 / row[0]) == Approx(row[4]).epsilon(1e-12));
    if (row[0] >= 1.0) {
      CHECK(std::abs(double(stirling_error(1.0f / float(row[0]))) - row[3]) <= 1e-8);
      CHECK(std::abs(double(stirling_slope(1.0f / float(row[0]))) - row[4]) <= 3e-8);
    }
  }
}

TEST_CASE("stirling: deviance keeps its relative accuracy when the ratio is near one") {
  double worst = 0;
  for (double size = 1e-7; size < 1e9; size *= 1.003) {
    for (double sign : {1.0, -1.0}) {
      const float u = float(sign * size);
      if (u <= -1.0f) continue;
      const double exact = deviance(1.0 + double(u), double(u));
      worst = std::max(worst, std::abs(double(deviance(1.0f + u, u)) / exact - 1.0));
    }
  }
  CHECK(worst <= 2e-6);
  // u^2/2 - 2 u^3/3 + ... in closed form
  CHECK(deviance(1.0 + 1e-5, 1e-5) == Approx(0.5e-10 - 2.0 / 3.0 * 1e-15 + 0.75e-20).epsilon(1e-12));
  CHECK(deviance(4.0, 3.0) == Approx(std::log(4.0) - 0.75).epsilon(1e-15));
  CHECK(deviance(0.25f, -0.75f) == Approx(3.0 - std::log(4.0)).epsilon(1e-6));
  CHECK(deviance(1.0f, 0.0f) == 0.0f);
}
