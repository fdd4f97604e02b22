#include <cmath>
#include <limits>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/optimizer.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

std::vector<float> made(std::size_t n, std::uint64_t seed, float size) {
  Rng rng(seed);
  std::vector<float> x(n);
  for (float& v : x) v = size * float(rng.normal());
  return x;
}

struct Weights {
  std::vector<float> x, m, v, a;
};

}  // namespace

TEST_CASE("squared_norm: in double, the same with any number of threads, and blind to no bad number") {
  const int before = threads();
  for (std::size_t n : {std::size_t(0), std::size_t(1), std::size_t(4097), std::size_t(100001)}) {
    const std::vector<float> x = made(n, 1, 3);
    double expected = 0;
    for (float v : x) expected += double(v) * double(v);
    set_threads(1);
    const double one = kernel::squared_norm(Index(n), x.data());
    set_threads(3);
    CHECK(kernel::squared_norm(Index(n), x.data()) == one);
    CHECK(one == Approx(expected).epsilon(1e-12));
  }
  set_threads(before);
  std::vector<float> x = made(9000, 2, 1e25f);
  CHECK(std::isfinite(kernel::squared_norm(9000, x.data())));
  x[8999] = std::numeric_limits<float>::infinity();
  CHECK(std::isinf(kernel::squared_norm(9000, x.data())));
  x[5000] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(kernel::squared_norm(9000, x.data())));
}

TEST_CASE("adamw: in float agrees with the formula in double, with threads, every instruction set and an average") {
  const std::size_t n = 40001;
  const std::vector<float> g = made(n, 3, 0.1f);
  const Weights start{made(n, 4, 1), made(n, 5, 0.1f), std::vector<float>(n, 0.02f), made(n, 6, 1)};
  const kernel::AdamWStep<float> step{.rate = 1e-2f,
                                      .keep = 0.999f,
                                      .beta1 = 0.9f,
                                      .beta2 = 0.99f,
                                      .epsilon = 1e-8f,
                                      .correct1 = 2,
                                      .correct2 = 5,
                                      .gradient_scale = 0.5f,
                                      .average = 0.25f};
  const int before = threads();
  for (kernel::Isa isa : {kernel::Isa::portable, kernel::Isa::avx2, kernel::Isa::avx512}) {
    for (int count : {1, 2}) {
      kernel::limit_isa(isa);
      set_threads(count);
      Weights w = start;
      kernel::adamw(Index(n), step, g.data(), w.x.data(), w.m.data(), w.v.data(), w.a.data());
      Weights plain = start;
      kernel::adamw<float>(Index(n), step, g.data(), plain.x.data(), plain.m.data(), plain.v.data(), nullptr);
      set_threads(before);
      kernel::limit_isa(kernel::Isa::avx512);
      CHECK(plain.x == w.x);
      CHECK(plain.a == start.a);
      double worst = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double grad = double(g[i]) * 0.5, m = 0.9 * double(start.m[i]) + 0.1 * grad;
        const double v = 0.99 * double(start.v[i]) + 0.01 * grad * grad;
        const double x = 0.999 * double(start.x[i]) - 1e-2 * m * 2 / (std::sqrt(v * 5) + 1e-8);
        const double a = double(start.a[i]) + 0.25 * (x - double(start.a[i]));
        worst = std::max({worst, std::abs(double(w.m[i]) - m), std::abs(double(w.v[i]) - v),
                          std::abs(double(w.x[i]) - x), std::abs(double(w.a[i]) - a)});
      }
      CHECK(worst < 1e-6);
    }
  }
}
