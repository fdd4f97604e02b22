#include <latentcell/metric/types_covered.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("types_covered: counted by hand") {
  // Shares of the real cells: .5, .3, .2; of the judged ones .8, .15, .05.
  const std::vector<int> real = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2, -1};
  std::vector<int> found(16, 0);
  found.insert(found.end(), {1, 1, 1, 2, -1, -1});
  CHECK(metric::types_covered(real, found, 3) == Approx(2.0 / 3));  // .15 is just enough
  CHECK(metric::types_covered(real, found, 3, {.min_share = 0.51}) == Approx(1.0 / 3));
  CHECK(metric::types_covered(real, found, 3, {.min_share = 0.25}) == Approx(1));
  CHECK(metric::types_covered(real, found, 7) == Approx(2.0 / 3));  // types without real cells do not count
}

TEST_CASE("types_covered: cells of one law cover every type, cells of one type only that") {
  const std::vector<int> real = {0, 1, 2, 3, 0, 1, 2, 3}, one(8, 2);
  CHECK(metric::types_covered(real, real, 4) == 1);
  CHECK(metric::types_covered(real, one, 4) == Approx(0.25));
}

TEST_CASE("types_covered: bad input is refused") {
  const std::vector<int> a = {0, 1}, none = {-1, -1};
  CHECK_THROWS_WITH(metric::types_covered(a, std::vector<int>{2}, 2), ContainsText("evaluated cell 0 has label 2 of 2"));
  CHECK_THROWS_WITH(metric::types_covered(none, a, 2), ContainsText("none of 2 real cells has a label"));
  CHECK_THROWS_WITH(metric::types_covered(a, a, 2, {.min_share = 0}), ContainsText("min_share must be above 0, got 0"));
}
