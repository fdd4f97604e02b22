#include <latentcell/kernel/dot.hpp>

#include <vector>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("dot and add_multiple: closed forms for every length up to 40") {
  for (Index n = 0; n <= 40; ++n) {
    std::vector<double> x, y;
    for (Index i = 0; i < n; ++i) {
      x.push_back(double(i));
      y.push_back(1.0);
    }
    CHECK(kernel::dot(n, x.data(), y.data()) == double(n * (n - 1) / 2));
    CHECK(kernel::dot(n, x.data(), x.data()) == double((n - 1) * n * (2 * n - 1) / 6));
    kernel::add_multiple(n, 2.0, x.data(), y.data());
    for (Index i = 0; i < n; ++i) CHECK(y[to_size(i)] == 1.0 + 2.0 * double(i));
  }
}
