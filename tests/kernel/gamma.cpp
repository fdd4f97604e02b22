#include <latentcell/kernel/gamma.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/reference.hpp"

namespace fast = latentcell::kernel::fast;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

double units(float y, double exact) {
  return std::abs(double(y) - exact) / std::ldexp(1.0, std::ilogb(float(exact)) - 23);
}

}  // namespace

TEST_CASE("gamma: double agrees with mpmath") {
  const latentcell::Matrix<double> table = Reference("likelihood").matrix("gamma");
  for (const auto row : table.rowwise()) {
    CHECK(fast::lgamma(row[0]) == Approx(row[1]).epsilon(1e-14));
    CHECK(std::abs(fast::digamma(row[0]) - row[2]) <= 1e-14 * (1 + std::abs(row[2])));
  }
}

TEST_CASE("gamma: float is within 8 units of the last place, beside the zeros too") {
  double worst_lgamma = 0, worst_digamma = 0;
  const auto see = [&](float x) {
    worst_lgamma = std::max(worst_lgamma, units(fast::lgamma(x), fast::lgamma(double(x))));
    worst_digamma = std::max(worst_digamma, units(fast::digamma(x), fast::digamma(double(x))));
  };
  for (float x = 1e-30f; x < 1e30f; x *= 1.0007f) see(x);
  for (float x = 0.4f; x < 5.0f; x += 9e-5f) {
    if (x != 1.0f && x != 2.0f) see(x);
  }
  for (float zero : {1.0f, 2.0f, 1.46163213f}) {
    float above = zero, below = zero;
    for (int i = 0; i < 100; ++i) see(above = std::nextafter(above, 9.0f)), see(below = std::nextafter(below, 0.0f));
  }
  CHECK(worst_lgamma <= 8.0);
  CHECK(worst_digamma <= 4.0);
}

TEST_CASE("gamma: zeros, poles and NaN") {
  CHECK(fast::lgamma(1.0f) == 0.0f);
  CHECK(fast::lgamma(2.0f) == 0.0f);
  CHECK(fast::lgamma(0.0f) == infinity);
  CHECK(fast::lgamma(infinity) == infinity);
  CHECK(fast::digamma(0.0f) == -infinity);
  CHECK(fast::digamma(infinity) == infinity);
  for (float x : {nan_value, -0.5f, -1.5f, -100.0f}) {
    CHECK(std::isnan(fast::lgamma(x)));
    CHECK(std::isnan(fast::digamma(x)));
    CHECK(std::isnan(fast::digamma(double(x))));
  }
}
