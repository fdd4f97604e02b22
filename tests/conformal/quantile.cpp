#include <latentcell/conformal/quantile.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using conformal::quantile;

TEST_CASE("quantile: element floor(q n) of the sorted scores, so that more than a share q lies at or below it") {
  std::vector<double> x{7, 1, 3, 9, 5, 2, 8, 4, 6, 10};
  CHECK(quantile(x, 0.5) == 6);
  CHECK(quantile(x, 0.8) == 9);
  CHECK(quantile(x, 0.0) == 1);
  CHECK(quantile(x, 0.99) == 10);
  std::vector<double> one{4};
  CHECK(quantile(one, 0.8) == 4);
}

TEST_CASE("quantile: no score, or a share of one, is refused") {
  std::vector<double> none, one{4};
  CHECK_THROWS_WITH(quantile(none, 0.5), ContainsText("0.5 of 0 scores"));
  CHECK_THROWS_WITH(quantile(one, 1.0), ContainsText("share in [0, 1)"));
}
