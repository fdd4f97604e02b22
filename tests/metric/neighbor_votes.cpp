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

TEST_CASE("neighbor_votes: shares of two kinds of neighbors add up, and a label that neither puts first may win") {
  kernel::Neighbors near{Matrix<Index>(1, 5), Matrix<double>::Zero(1, 5)}, other = near;
  near.index << 0, 0, 0, 2, 2;
  other.index << 1, 1, 1, 2, 2;
  const std::vector<int> codes = {0, 1, 2};
  const Matrix<double> a = metric::neighbor_shares(near, codes, 3), b = metric::neighbor_shares(other, codes, 3);
  CHECK(a(0, 0) == Approx(0.6));
  CHECK(a(0, 1) == 0);
  CHECK(a.sum() == Approx(1));
  const metric::NeighborVotes both = metric::most_votes(0.5 * (a + b));
  CHECK(both.label == std::vector<int>{2});
  CHECK(both.agreement[0] == Approx(0.4));
}
