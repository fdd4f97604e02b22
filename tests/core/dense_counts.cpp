#include <latentcell/core/dense_counts.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("dense_counts: every value stands in its row and column, zero elsewhere") {
  Counts c(3);
  c.push(2, 5);
  c.end_row();
  c.end_row();
  c.push(0, 1);
  c.push(1, 4);
  c.end_row();
  CHECK(dense_counts(c.view()) == Matrix<float>{{0, 0, 5}, {0, 0, 0}, {1, 4, 0}});
}
