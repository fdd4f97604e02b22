#include <cmath>

#include <latentcell/data/loess.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("loess: numbers of scikit-misc, in any order and with repeated x") {
  std::vector<double> x, y;
  for (int i = 0; i < 60; ++i) {
    x.push_back(double(i * i % 53) / 10);
    y.push_back(std::sin(x.back()) + x.back() / 4 + double(i * 7 % 11) / 20);
  }
  for (double span : {0.3, 0.75}) {
    const std::vector<double> expected = Reference("data").vector(text("loess_", span));
    const std::vector<double> smooth = loess(x, y, {.span = span});
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(smooth[i] == Approx(expected[i]).epsilon(1e-7));
  }
}

TEST_CASE("loess: a parabola is its own smooth at every corner, and nearly so between") {
  std::vector<double> x, y;
  for (int i = 0; i < 200; ++i) {
    x.push_back(double(i) / 20 - 4);
    y.push_back(3 - 2 * x.back() + 0.5 * x.back() * x.back());
  }
  const std::vector<double> smooth = loess(x, y);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(smooth[i] == Approx(y[i]).margin(1e-9));
}

TEST_CASE("loess: too few distinct x lower the degree") {
  const std::vector<double> same_x(6, 2.0), y{1, 2, 3, 4, 5, 6};
  for (double v : loess(same_x, y, {.span = 1})) CHECK(v == Approx(3.5));
  const std::vector<double> two_x{1, 1, 1, 1, 3, 3, 3, 3}, two_y{0, 2, 0, 2, 5, 7, 5, 7};
  const std::vector<double> line = loess(two_x, two_y, {.span = 1});
  CHECK(line[0] == Approx(1).margin(0.2));
  CHECK(line[7] == Approx(6).margin(0.2));
  const std::vector<double> one_x{5}, one_y{7};
  CHECK(loess(one_x, one_y) == one_y);
  CHECK(loess({}, {}).empty());
}

TEST_CASE("loess: bad input is named") {
  const std::vector<double> x{1, 2, 3}, y{1, 2}, holes{1, NAN, 3};
  REQUIRE_THROWS_WITH(loess(x, y), ContainsText("loess: 3 x but 2 y"));
  REQUIRE_THROWS_WITH(loess(x, x, {.span = 1.5}), ContainsText("span must be in (0, 1], got 1.5"));
  REQUIRE_THROWS_WITH(loess(x, x, {.cell = 0}), ContainsText("cell must be above 0, got 0"));
  REQUIRE_THROWS_WITH(loess(x, holes), ContainsText("point 1 is (2, nan)"));
}
