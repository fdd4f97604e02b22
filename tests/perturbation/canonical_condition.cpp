#include <latentcell/perturbation/canonical_condition.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using perturbation::canonical_condition;
using perturbation::canonical_conditions;

TEST_CASE("canonical_condition: order, empty names and the control change nothing") {
  CHECK(canonical_condition("B+A", "ctrl") == "A+B");
  CHECK(canonical_condition("A+B", "ctrl") == "A+B");
  CHECK(canonical_condition("A+", "ctrl") == "A");
  CHECK(canonical_condition("ctrl+A", "ctrl") == "A");
  CHECK(canonical_condition("A", "ctrl") == "A");
  CHECK(canonical_condition("ctrl", "ctrl") == "ctrl");
  CHECK(canonical_condition("ctrl+ctrl", "ctrl") == "ctrl");
}

TEST_CASE("canonical_conditions: each condition once, in the order of the query; the control is refused") {
  CHECK(canonical_conditions({"B+A", "C", "A+B", "C+"}, "ctrl") == std::vector<std::string>{"A+B", "C"});
  CHECK_THROWS_WITH(canonical_conditions({"A", "ctrl"}, "ctrl"), ContainsText("'ctrl' is the control"));
}
