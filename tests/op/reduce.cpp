#include <latentcell/op/reduce.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("mean, weighted_sum, row_sum: closed forms") {
  Matrix<float> x(2, 2), column(2, 1);
  x << 1, 2, 3, 4;
  column << 5, 7;
  Tape<float> tape;
  const Var<float> in = tape.input(window(x)), sums = row_sum(in);
  CHECK(mean(in).item() == 2.5f);
  const float weight[] = {2, -1};
  CHECK(weighted_sum(tape.input(window(column)), weight).item() == 3.0f);
  CHECK(sums.shape() == Shape(2, 1));
  CHECK(sums.value()(0, 0) == 3);
  CHECK(sums.value()(1, 0) == 7);
}

TEST_CASE("weighted_sum: more columns than one are named") {
  const Matrix<float> x = Matrix<float>::Zero(2, 2);
  Tape<float> tape;
  const float weight[] = {2, -1};
  REQUIRE_THROWS_WITH(weighted_sum(tape.input(window(x)), weight), ContainsText("needs one column, got x (2, 2)"));
}
