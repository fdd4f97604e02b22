#include <latentcell/conformal/quantile.hpp>

#include <cmath>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using conformal::quantile;

TEST_CASE("quantile: the score of rank ceil((n + 1) q); the largest where there are too few") {
  std::vector<double> x{7, 1, 3, 9, 5, 2, 8, 4, 6, 10};
  CHECK(quantile(x, 0.5) == 6);
  CHECK(quantile(x, 0.8) == 9);
  CHECK(quantile(x, 0.0) == 1);
  CHECK(quantile(x, 0.99) == 10);
  std::vector<double> one{4};
  CHECK(quantile(one, 0.8) == 4);
  // 12 * 0.8 = 9.6: the tenth of 11, where floor(11 * 0.8) would be the ninth.
  std::vector<double> eleven{11, 7, 1, 3, 9, 5, 2, 8, 4, 6, 10};
  CHECK(quantile(eleven, 0.8) == 10);
  // 15 * 0.8 is 12, whatever rounding makes of it.
  std::vector<double> fourteen;
  for (int i = 14; i > 0; --i) fourteen.push_back(i);
  CHECK(quantile(fourteen, 0.8) == 12);
}

TEST_CASE("quantile: a further score is not larger with probability q at least, and hardly more than that") {
  Rng rng(1);
  constexpr int repeats = 20000;
  for (const int n : {9, 11, 13}) {
    int inside = 0;
    for (int k = 0; k < repeats; ++k) {
      std::vector<double> scores;
      for (int i = 0; i < n; ++i) scores.push_back(rng.uniform_double());
      inside += rng.uniform_double() <= quantile(scores, 0.8);
    }
    const double share = double(inside) / repeats, error = std::sqrt(0.16 / repeats);
    CHECK(share > 0.8 - 4 * error);
    CHECK(share < 0.8 + 1.0 / (n + 1) + 4 * error);
  }
}

TEST_CASE("quantile: no score, or a share of one, is refused") {
  std::vector<double> none, one{4};
  CHECK_THROWS_WITH(quantile(none, 0.5), ContainsText("0.5 of 0 scores"));
  CHECK_THROWS_WITH(quantile(one, 1.0), ContainsText("share in [0, 1)"));
}
