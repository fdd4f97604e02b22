#include <latentcell/evaluate/verdict.hpp>

#include "support/catch.hpp"

using namespace latentcell::evaluate;

namespace {

/// One metric, "r": the ceiling has 1, the best baseline 0.2.
ScoreTable one_metric(double own, const std::string& method = "m") {
  ScoreTable t({{"r"}});
  t.add("ceiling", Role::ceiling, {1.0});
  t.add("nothing", Role::baseline, {0.1});
  t.add("mean", Role::baseline, {0.2});
  t.add(method, Role::model, {own});
  return t;
}

}  // namespace

TEST_CASE("verdict: a perfect model goes all the way, a baseline's twin none of it, a worse one is farther off") {
  CHECK(verdict(one_metric(1.0)) ==
        "m: better than every baseline in 1 of 1 metrics; 100 % of the way from the best baseline to the ceiling");
  CHECK(verdict(one_metric(0.2)) ==
        "m: better than every baseline in 0 of 1 metrics; 0 % of the way from the best baseline to the ceiling");
  CHECK(
      verdict(one_metric(0.15)) ==
      "m: better than every baseline in 0 of 1 metrics; on the whole farther from the ceiling than the best baseline");
}

TEST_CASE("verdict: of several tables, metrics are counted together and the way is the median of all") {
  CHECK(verdict({one_metric(0.1), one_metric(0.6), one_metric(1.0)}) ==
        "m: better than every baseline in 2 of 3 metrics; 50 % of the way from the best baseline to the ceiling");
  CHECK(verdict({one_metric(0.6), one_metric(0.6, "other")}) ==
        "better than every baseline in 2 of 2 metrics; 50 % of the way from the best baseline to the ceiling");
}

TEST_CASE("verdict: the way counts only where there is a ceiling above the baseline") {
  ScoreTable t({{"r"}, {"error", "", Better::lower}, {"genes", "", Better::neither}});
  t.add("mean", Role::baseline, {0.2, 3, 7});
  t.add("m", Role::model, {0.8, 2, 7});
  CHECK(verdict(t) == "m: better than every baseline in 2 of 2 metrics");
  t.add("ceiling", Role::ceiling, {0.1, 1, 7});
  CHECK(verdict(t) ==
        "m: better than every baseline in 2 of 2 metrics; 50 % of the way from the best baseline to the ceiling");
}

TEST_CASE("verdict: no model or no baseline, no praise") {
  ScoreTable t({{"r"}});
  CHECK(verdict(t) == "no model was evaluated");
  CHECK(verdict(std::vector<ScoreTable>{}) == "no model was evaluated");
  t.add("m", Role::model, {1});
  CHECK(verdict(t) == "m: no baseline to compare with");
  CHECK(verdict({t, one_metric(0.6, "other")}) == verdict(one_metric(0.6, "other")));
}

TEST_CASE("verdict: what is within two errors of the best baseline is no win, and is said") {
  ScoreTable t({{"r"}, {"error", "", Better::lower}});
  t.add("mean", Role::baseline, {0.2, 3}, {0.05, 0.4});
  t.add("m", Role::model, {0.8, 2}, {0.05, 0.4});
  t.add("ceiling", Role::ceiling, {1.0, 1}, {0.05, 0.4});
  CHECK(
      verdict(t) ==
      "m: better than every baseline in 1 of 2 metrics (within two errors of the best in 1); 75 % of the way from the "
      "best baseline to the ceiling");
}
