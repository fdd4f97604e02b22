#include <latentcell/perturbation/canonical_condition.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using perturbation::canonical_condition;
using perturbation::canonical_conditions;

TEST_CASE("canonical_condition: order, empty names and the control change nothing") {
  CHECK(canonical_condition("B+A", "ctrl") == "A+B");
  CHECK(canonical_condition("A+B", "ctrl") == "A+B");
  CHECK(canonical_condition("ctrl+A", "ctrl") == "A");
  CHECK(canonical_condition("A", "ctrl") == "A");
  CHECK(canonical_condition("ctrl", "ctrl") == "ctrl");
  CHECK(canonical_condition("ctrl+ctrl", "ctrl") == "ctrl");
}

TEST_CASE("canonical_conditions: each condition once, in the order of the query; the control is refused") {
  CHECK(canonical_conditions({"B+A", "C", "A+B", "C+ctrl"}, "ctrl") == std::vector<std::string>{"A+B", "C"});
  CHECK_THROWS_WITH(canonical_conditions({"A", "ctrl"}, "ctrl"), ContainsText("'ctrl' is the control"));
}

TEST_CASE("canonical_condition: a sign that joins nothing belongs to the name") {
  for (const char* name : {"dox+", "Ca2+", "+dox", "(+)-3-PPP", "A++B", "[A+B]", "+"}) {
    INFO(name);
    CHECK(canonical_condition(name, "ctrl") == name);
  }
  CHECK(canonical_condition("dox", "ctrl") != canonical_condition("dox+", "ctrl"));
  CHECK(canonical_condition("(+)-3-PPP+A", "ctrl") == "(+)-3-PPP+A");
  CHECK(canonical_condition("STAT1+ctrl ", "ctrl") == "STAT1");
}

TEST_CASE("canonical_condition: a control that is joined is the control in any order") {
  CHECK(canonical_condition("PBS+DMSO", "PBS+DMSO") == "PBS+DMSO");
  CHECK(canonical_condition("DMSO+PBS", "PBS+DMSO") == "PBS+DMSO");
  CHECK(canonical_condition("DMSO+IFN+PBS", "PBS+DMSO") == "IFN");
  CHECK(canonical_condition("PBS", "PBS+DMSO") == "PBS");
}

TEST_CASE("canonical_condition: names may be joined by another character") {
  CHECK(canonical_condition("B_A", "ctrl", '_') == "A+B");
  CHECK(canonical_condition("A_ctrl", "ctrl", '_') == "A");
  CHECK(canonical_condition("A+B", "ctrl", '_') == "A+B");
  CHECK(canonical_conditions({"B_A", "C"}, "ctrl", '_') == std::vector<std::string>{"A+B", "C"});
}
