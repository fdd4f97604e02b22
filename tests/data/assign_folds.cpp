#include <algorithm>

#include <latentcell/data/assign_folds.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("assign_folds: every cell has a fold, and sizes differ by one at most") {
  for (const Index cells : {0, 1, 9, 100, 101}) {
    for (const Index folds : {1, 2, 5}) {
      const std::vector<Index> fold = assign_folds(cells, folds, 3);
      REQUIRE(Index(fold.size()) == cells);
      Index least = cells, most = 0;
      for (Index f = 0; f < folds; ++f) {
        const Index n = Index(std::count(fold.begin(), fold.end(), f));
        least = std::min(least, n), most = std::max(most, n);
      }
      CHECK(most - least <= 1);
      CHECK(std::all_of(fold.begin(), fold.end(), [&](Index f) { return f >= 0 && f < folds; }));
    }
  }
}

TEST_CASE("assign_folds: the seed alone decides, and folds are no blocks of the table") {
  CHECK(assign_folds(100, 4, 7) == assign_folds(100, 4, 7));
  CHECK(assign_folds(100, 4, 7) != assign_folds(100, 4, 8));
  std::vector<Index> dealt;
  for (Index i = 0; i < 100; ++i) dealt.push_back(i % 4);
  const std::vector<Index> fold = assign_folds(100, 4, 7);
  CHECK(fold != dealt);
  Index same = 0;
  for (std::size_t i = 0; i < 100; ++i) same += fold[i] == dealt[i] ? 1 : 0;
  CHECK(same < 45);
  // The answer of a seed is part of what a saved model means: its folds are found again from it.
  CHECK(assign_folds(8, 3, 0) == std::vector<Index>{0, 1, 0, 1, 2, 2, 0, 1});
}

TEST_CASE("assign_folds: no folds throws") { CHECK_THROWS_WITH(assign_folds(4, 0, 1), ContainsText("in 0 folds")); }
