#include <latentcell/autodiff/param.hpp>
#include <latentcell/autodiff/value_budget.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("value_budget: values are counted over all Params, and no more are allowed") {
  const ValueBudget budget(20);
  const Param<float> a(4, 3);
  const Buffer<double> b(2, 4);
  CHECK_THROWS_AS(Param<float>(1, 1), std::length_error);
}

TEST_CASE("value_budget: sizes whose product overflows are refused") {
  const ValueBudget budget(Index(1) << 40);
  const Index most = std::numeric_limits<Index>::max();
  CHECK_THROWS_AS(Param<float>(most, most), std::length_error);
  CHECK_THROWS_WITH(Param<float>(Index(1) << 33, Index(1) << 33), ContainsText("exceeds the 1099511627776 values"));
}

TEST_CASE("value_budget: empty ones count, so that a long list of them ends") {
  const ValueBudget budget(3);
  for (int i = 0; i < 3; ++i) Buffer<float>(0, 100);
  CHECK_THROWS_AS(Buffer<float>(0, 100), std::length_error);
}

TEST_CASE("value_budget: it ends with its scope, the outer one then counts again") {
  const ValueBudget outer(10);
  {
    const ValueBudget inner(100);
    const Param<float> a(9, 9);
  }
  const Param<float> b(2, 5);
  CHECK_THROWS_AS(Param<float>(1, 1), std::length_error);
}

TEST_CASE("value_budget: without one nothing is counted") { CHECK(Param<float>(100, 100).value.size() == 10000); }
