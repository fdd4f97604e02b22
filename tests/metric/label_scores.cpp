#include <latentcell/metric/label_scores.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("label_scores: counted by hand") {
  // Label 0: 2 of 3 found, said 3 times; label 1: 1 of 2, said twice; label 2: never there, said once.
  const std::vector<int> truth = {0, 0, 0, 1, 1, -1}, found = {0, 0, 1, 1, 0, 2};
  const metric::LabelScores s = metric::label_scores(truth, found, 4);
  CHECK(s.f1[0] == Approx(2 * 2.0 / (3 + 3)));
  CHECK(s.f1[1] == Approx(2 * 1.0 / (2 + 2)));
  CHECK(s.f1[2] == 0);
  CHECK(s.cells == std::vector<Index>{3, 2, 0, 0});
  CHECK(s.macro_f1 == Approx((2.0 / 3 + 0.5) / 2));  // over the labels that are there
  CHECK(s.accuracy == Approx(0.6));
}

TEST_CASE("label_scores: nothing said is wrong, and bad input is refused") {
  CHECK(metric::label_scores(std::vector<int>{0, 0}, std::vector<int>{0, -1}, 1).accuracy == Approx(0.5));
  CHECK_THROWS_WITH(metric::label_scores(std::vector<int>{0}, std::vector<int>{0, 1}, 2),
                    ContainsText("1 true labels"));
  CHECK_THROWS_WITH(metric::label_scores(std::vector<int>{2}, std::vector<int>{0}, 2), ContainsText("of 2"));
  CHECK_THROWS_WITH(metric::label_scores(std::vector<int>{-1}, std::vector<int>{0}, 2), ContainsText("has a label"));
}
