#include <latentcell/metric/pearson.hpp>

#include <vector>

#include "support/catch.hpp"

using latentcell::metric::pearson;

TEST_CASE("pearson: 1 along a line, -1 against it, 0 for a constant") {
  const std::vector<double> x{1, 2, 3, 5}, up{12, 14, 16, 20}, down{3, 2, 1, -1}, flat{4, 4, 4, 4};
  CHECK(pearson(x, up) == Approx(1.0));
  CHECK(pearson(x, down) == Approx(-1.0));
  CHECK(pearson(x, flat) == 0.0);
}

TEST_CASE("pearson: closed form of three points") {
  const std::vector<double> x{0, 1, 2}, y{0, 1, 0.5};
  CHECK(pearson(x, y) == Approx(0.5));
}

TEST_CASE("pearson: refuses sequences of different or too small length") {
  const std::vector<double> one{1}, two{1, 2};
  CHECK_THROWS_WITH(pearson(one, two), ContainsText("at least 2, got 1 and 2"));
  CHECK_THROWS_WITH(pearson(one, one), ContainsText("at least 2, got 1 and 1"));
}
