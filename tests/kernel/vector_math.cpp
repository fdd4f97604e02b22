#include <latentcell/kernel/vector_math.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace fast = latentcell::kernel::fast;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

// The distance of y from the exact value in units of the last place of the exact value.
double ulps_apart(float y, double exact) {
  constexpr double largest = std::numeric_limits<float>::max();
  if (std::abs(exact) > largest) return y == (exact > 0 ? infinity : -infinity) ? 0.0 : infinity;
  const float size = std::abs(float(exact));
  const double unit = size < std::numeric_limits<float>::min() ? double(std::numeric_limits<float>::denorm_min())
                                                               : std::ldexp(1.0, std::ilogb(size) - 23);
  return std::abs(double(y) - exact) / unit;
}

struct Worst {
  double ulps = 0;
  float at = 0;
  void see(float x, float y, double exact) {
    const double error = ulps_apart(y, exact);
    if (!(error <= ulps)) ulps = error, at = x;
  }
};

// Every 20011th float of [first, last], and an even sweep of its middle.
template <class Fast, class Exact>
Worst sweep(float first, float last, const Fast& fast_function, const Exact& exact) {
  Worst worst;
  for (std::uint64_t word = 0; word < (std::uint64_t(1) << 32); word += 20011) {
    const float x = std::bit_cast<float>(std::uint32_t(word));
    if (x >= first && x <= last) worst.see(x, fast_function(x), exact(double(x)));
  }
  for (int i = -40000; i <= 40000; ++i) {
    const float x = float(i) * 1.37e-4f;
    if (x >= first && x <= last) worst.see(x, fast_function(x), exact(double(x)));
  }
  return worst;
}

double exact_softplus(double x) { return (x > 0 ? x : 0.0) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace

#define CHECK_ULPS(name, first, last, exact, bound)                                          \
  do {                                                                                       \
    const Worst worst = sweep(                                                               \
        first, last, [](float x) { return fast::name(x); }, [](double x) { return exact; }); \
    INFO(#name " is worst at " << worst.at);                                                 \
    CHECK(worst.ulps <= bound);                                                              \
  } while (false)

TEST_CASE("vector_math: errors stay within the stated units of the last place") {
  CHECK_ULPS(exp, -infinity, infinity, std::exp(x), 1.1);
  CHECK_ULPS(expm1, -infinity, infinity, std::expm1(x), 2.0);
  CHECK_ULPS(reciprocal, 1e-37f, 1e37f, 1.0 / x, 2.0);
  CHECK_ULPS(sqrt, 1e-37f, 3e38f, std::sqrt(x), 2.0);
  CHECK_ULPS(log, 0.0f, infinity, std::log(x), 1.0);
  CHECK_ULPS(log1p, -1.0f, infinity, std::log1p(x), 2.0);
  CHECK_ULPS(tanh, -infinity, infinity, std::tanh(x), 3.0);
  CHECK_ULPS(sigmoid, -87.0f, infinity, 1.0 / (1.0 + std::exp(-x)), 3.0);
  CHECK_ULPS(softplus, -infinity, infinity, exact_softplus(x), 3.0);
}

TEST_CASE("vector_math: NaN stays NaN") {
  for (float x : {nan_value, -nan_value}) {
    CHECK(std::isnan(fast::exp(x)));
    CHECK(std::isnan(fast::expm1(x)));
    CHECK(std::isnan(fast::log(x)));
    CHECK(std::isnan(fast::log1p(x)));
    CHECK(std::isnan(fast::tanh(x)));
    CHECK(std::isnan(fast::sigmoid(x)));
    CHECK(std::isnan(fast::softplus(x)));
  }
}

TEST_CASE("vector_math: limits at the ends of the range") {
  CHECK(fast::exp(0.0f) == 1.0f);
  CHECK(fast::exp(-infinity) == 0.0f);
  CHECK(fast::exp(-104.0f) == 0.0f);
  CHECK(fast::exp(-100.0f) > 0.0f);
  CHECK(fast::exp(88.7f) < infinity);
  CHECK(fast::exp(88.8f) == infinity);
  CHECK(fast::exp(infinity) == infinity);
  CHECK(fast::expm1(-infinity) == -1.0f);
  CHECK(fast::expm1(0.0f) == 0.0f);
  CHECK(fast::sqrt(0.0f) == 0.0f);
  CHECK(std::abs(fast::sqrt(1e-44f) - 1e-22f) < 1e-19f);
  CHECK(fast::expm1(infinity) == infinity);
  CHECK(fast::log(0.0f) == -infinity);
  CHECK(fast::log(1.0f) == 0.0f);
  CHECK(fast::log(infinity) == infinity);
  CHECK(std::isnan(fast::log(-1.0f)));
  CHECK(std::isnan(fast::log(-infinity)));
  CHECK(fast::log1p(-1.0f) == -infinity);
  CHECK(fast::log1p(0.0f) == 0.0f);
  CHECK(fast::log1p(infinity) == infinity);
  CHECK(std::isnan(fast::log1p(-1.5f)));
  CHECK(fast::tanh(infinity) == 1.0f);
  CHECK(fast::tanh(-infinity) == -1.0f);
  CHECK(std::signbit(fast::tanh(-0.0f)));
  CHECK(fast::sigmoid(0.0f) == 0.5f);
  CHECK(fast::sigmoid(-infinity) == 0.0f);
  CHECK(fast::sigmoid(infinity) == 1.0f);
  CHECK(fast::softplus(-infinity) == 0.0f);
  CHECK(fast::softplus(infinity) == infinity);
}

TEST_CASE("vector_math: tanh is odd and never leaves [-1, 1]") {
  for (int i = 0; i <= 20000; ++i) {
    const float x = float(i) * 1e-3f;
    REQUIRE(fast::tanh(x) <= 1.0f);
    REQUIRE(fast::tanh(-x) == -fast::tanh(x));
  }
}

TEST_CASE("vector_math: a vector loop gives what single calls give") {
  std::vector<float> x(1003), y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(i) * 0.09f - 45.0f;
#pragma omp simd
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = fast::exp(x[i]);
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(ulps_apart(y[i], std::exp(double(x[i]))) <= 1.1);
}

TEST_CASE("vector_math: double comes from the standard library") {
  for (double x : {-3.25, -0.5, 1e-9, 0.75, 20.0}) {
    CHECK(fast::exp(x) == std::exp(x));
    CHECK(fast::expm1(x) == std::expm1(x));
    CHECK(fast::tanh(x) == std::tanh(x));
    CHECK(fast::log(std::abs(x)) == std::log(std::abs(x)));
    CHECK(fast::log1p(std::abs(x)) == std::log1p(std::abs(x)));
    CHECK(fast::softplus(x) == Approx(exact_softplus(x)).epsilon(1e-15));
    CHECK(fast::sigmoid(x) == Approx(1.0 / (1.0 + std::exp(-x))).epsilon(1e-15));
  }
}
