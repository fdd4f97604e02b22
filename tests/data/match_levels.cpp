#include <latentcell/data/match_levels.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("match_levels: takes every row of a code once before it takes one again") {
  const std::vector<int> codes = {0, 1, 0, -1, 1, 0}, target = {1, 0, 1, 0, 1, 0, 1, 0};
  Rng rng(13);
  const MatchedRows matched = match_levels(codes, target, rng);
  std::vector<int> taken(codes.size(), 0);
  for (std::size_t i = 0; i < target.size(); ++i) {
    CHECK(codes[to_size(matched.rows[i])] == target[i]);
    ++taken[to_size(matched.rows[i])];
  }
  CHECK(matched.repeated == 3);
  CHECK(taken[3] == 0);
  CHECK(taken[1] == 2);
  CHECK(taken[4] == 2);
  CHECK(taken[0] + taken[2] + taken[5] == 4);
  CHECK_THROWS_WITH(match_levels(codes, std::vector<int>{2}, rng), "match_levels: no row has code 2");
  CHECK_THROWS_WITH(match_levels(codes, std::vector<int>{-1}, rng), ContainsText("code -1"));
}

TEST_CASE("match_levels: rows are drawn at random, and enough rows repeat none") {
  std::vector<int> codes(60, 0), target(30, 0);
  Rng rng(1);
  const MatchedRows a = match_levels(codes, target, rng), b = match_levels(codes, target, rng);
  CHECK(a.rows != b.rows);
  CHECK(a.repeated == 0);
  std::vector<Index> rows = a.rows;
  std::sort(rows.begin(), rows.end());
  CHECK(std::unique(rows.begin(), rows.end()) == rows.end());
}
