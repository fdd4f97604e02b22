#include <latentcell/metric/neighbor_votes.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("neighbor_votes: the most frequent label, the lowest of equals, and how many agree") {
  kernel::Neighbors near{Matrix<Index>(2, 4), Matrix<double>::Zero(2, 4)};
  near.index << 0, 1, 2, 3, 0, 0, 4, 4;
  const std::vector<int> codes = {2, 1, 1, 1, 0};
  const metric::NeighborVotes v = metric::neighbor_votes(near, codes, 3);
  CHECK(v.label == std::vector<int>{1, 0});
  CHECK(v.agreement[0] == Approx(0.75));
  CHECK(v.agreement[1] == Approx(0.5));
  CHECK_THROWS_WITH(metric::neighbor_votes(near, codes, 2), ContainsText("label 2 of 2"));
}
