#include <latentcell/trajectory/random_rows.hpp>

#include <algorithm>

#include "support/catch.hpp"

using namespace latentcell;
using trajectory::random_rows;
using Rows = std::vector<Index>;

TEST_CASE("random_rows: so many of the rows, each as often as any other, none twice") {
  Rng rng(1);
  int times[4] = {};
  for (int round = 0; round < 4000; ++round) {
    const Rows some = random_rows({10, 11, 12, 13}, 2, rng);
    REQUIRE(some.size() == 2);
    CHECK(some[0] != some[1]);
    for (const Index row : some) ++times[row - 10];
  }
  for (const int n : times) CHECK(double(n) == Approx(2000).margin(160));  // five standard errors
}

TEST_CASE("random_rows: all of them where more are asked for, in another order") {
  Rng rng(1);
  Rows rows(50);
  for (Index i = 0; i < 50; ++i) rows[to_size(i)] = i;
  Rows all = random_rows(rows, 99, rng);
  CHECK(all != rows);
  std::sort(all.begin(), all.end());
  CHECK(all == rows);
}
