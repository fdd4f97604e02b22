#include <latentcell/core/median.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("median: half of the values are no larger, in any order") {
  CHECK(median(std::vector<double>{5, 1, 3}) == 3);
  CHECK(median(std::vector<int>{9, 9, 1, 1, 4}) == 4);
  CHECK(median(std::vector<float>{2.5f}) == 2.5f);
}

TEST_CASE("median: of an even number it is the upper one of the middle") {
  CHECK(median(std::vector<double>{4, 1, 3, 2}) == 3);
  CHECK(median(std::vector<double>{2, 1}) == 2);
}

TEST_CASE("median: of nothing throws") {
  CHECK_THROWS_WITH(median(std::vector<double>{}), "median: needs at least one value, got none");
}

TEST_CASE("sample_quantile: element floor(q n) of the sorted values") {
  const std::vector<double> values{4, 1, 3, 2, 0};
  CHECK(sample_quantile(values, 0) == 0);
  CHECK(sample_quantile(values, 0.5) == 2);
  CHECK(sample_quantile(values, 0.79) == 3);
  CHECK(sample_quantile(values, 0.8) == 4);
  CHECK(sample_quantile(values, 1) == 4);
  CHECK_THROWS_WITH(sample_quantile(std::vector<float>(), 0.5), ContainsText("sample_quantile: needs at least one"));
}
