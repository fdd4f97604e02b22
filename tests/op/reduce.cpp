#include <latentcell/op/reduce.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("mean, mse, weighted_sum: closed forms") {
  Matrix<float> x(2, 2), target(2, 2), column(2, 1);
  x << 1, 2, 3, 4;
  target << 1, 0, 3, 0;
  column << 5, 7;
  Tape<float> tape;
  const Var<float> in = tape.input(window(x));
  CHECK(mean(in).item() == 2.5f);
  CHECK(mse(in, window(target)).item() == 5.0f);
  const float weight[] = {2, -1};
  CHECK(weighted_sum(tape.input(window(column)), weight).item() == 3.0f);
  CHECK(mse(in, window(target), weight).item() == -2.0f);  // (2 (0 + 4) - (0 + 16)) / 4
}

TEST_CASE("mse, weighted_sum: shapes that do not fit are named") {
  const Matrix<float> x = Matrix<float>::Zero(2, 2), target = Matrix<float>::Zero(2, 3);
  Tape<float> tape;
  const Var<float> in = tape.input(window(x));
  const float weight[] = {2, -1};
  REQUIRE_THROWS_WITH(mse(in, window(target)), ContainsText("mse: x (2, 2) but the target is (2, 3)"));
  REQUIRE_THROWS_WITH(weighted_sum(in, weight), ContainsText("needs one column, got x (2, 2)"));
}
