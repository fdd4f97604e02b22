#include <latentcell/evaluate/split_half.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using evaluate::Halves;

TEST_CASE("split_half: halves are disjoint, of one label mix, and without unlabelled cells") {
  const std::vector<int> codes = {0, 0, 0, 1, 1, -1, 2, 0};
  Rng rng(14);
  const Halves halves = evaluate::split_half(codes, rng);
  CHECK(halves.first.size() == 3);
  CHECK(halves.second.size() == 4);
  std::vector<int> times(codes.size(), 0);
  std::vector<int> in_first(3, 0);
  for (const Index row : halves.first) ++times[to_size(row)], ++in_first[to_size(codes[to_size(row)])];
  for (const Index row : halves.second) ++times[to_size(row)];
  CHECK(times == std::vector<int>{1, 1, 1, 1, 1, 0, 1, 1});
  CHECK(in_first == std::vector<int>{2, 1, 0});
}

TEST_CASE("split_half: which half a cell is in is chance") {
  const std::vector<int> codes(200, 0);
  Rng rng(2);
  const Halves a = evaluate::split_half(codes, rng), b = evaluate::split_half(codes, rng);
  CHECK(a.first != b.first);
  Index early = 0;
  for (const Index row : a.first) early += row < 100 ? 1 : 0;
  CHECK(early > 30);
  CHECK(early < 70);
  CHECK(evaluate::split_half({}, rng).first.empty());
}
