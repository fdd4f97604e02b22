#include <latentcell/kernel/dispatch.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("dispatch: runs with what limit_isa allows, never beyond the machine, and gives back the best") {
  const kernel::Isa best = kernel::isa();
  for (kernel::Isa most : {kernel::Isa::portable, kernel::Isa::avx2, kernel::Isa::avx512}) {
    kernel::limit_isa(most);
    CHECK(kernel::isa() == std::min(most, best));
    kernel::Isa seen{};
    int plain = 0;
    kernel::vectorized([&](auto isa) __attribute__((always_inline)) { seen = decltype(isa)::isa; });
    kernel::vectorized([&]() __attribute__((always_inline)) { ++plain; });
    CHECK(seen == kernel::isa());
    CHECK(plain == 1);
  }
  CHECK(kernel::isa() == best);
}

TEST_CASE("sum_each, max_each: over any number, with every instruction set") {
  std::vector<float> x;
  for (int n = 1; n < 70; ++n) {
    x.push_back(float((n * 37) % 61) - 70.0f);
    float sum = 0, top = x[0];
    for (float v : x) sum += v, top = std::max(top, v);
    for (kernel::Isa isa : {kernel::Isa::portable, kernel::Isa::avx2, kernel::Isa::avx512}) {
      kernel::limit_isa(isa);
      float seen[2] = {};
      float* const to = seen;
      const float* const from = x.data();
      kernel::vectorized([=]() __attribute__((always_inline)) {
        const auto at = [=](int i) __attribute__((always_inline)) { return from[i]; };
        to[0] = kernel::fast::lanes::sum_each<float>(n, at);
        to[1] = kernel::fast::lanes::max_each<float>(n, at);
      });
      CHECK(seen[0] == sum);
      CHECK(seen[1] == top);
    }
  }
  kernel::limit_isa(kernel::Isa::avx512);
}
