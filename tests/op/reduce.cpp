#include <latentcell/op/reduce.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("mean, mse, weighted_sum: closed forms") {
  Matrix<float> x(2, 2), target(2, 2), column(2, 1);
  x << 1, 2, 3, 4;
  target << 1, 0, 3, 0;
  column << 5, 7;
  Tape<float> tape;
  const Var<float> in = tape.input(view(x));
  CHECK(mean(in).item() == 2.5f);
  CHECK(mse(in, view(std::as_const(target))).item() == 5.0f);
  const float weight[] = {2, -1};
  CHECK(weighted_sum(tape.input(view(column)), weight).item() == 3.0f);
}

TEST_CASE("mse, weighted_sum: shapes that do not fit are named") {
  const Matrix<float> x = Matrix<float>::Zero(2, 2), target = Matrix<float>::Zero(2, 3);
  Tape<float> tape;
  const Var<float> in = tape.input(view(x));
  const float weight[] = {2, -1};
  REQUIRE_THROWS_WITH(mse(in, view(target)), ContainsText("mse: x (2, 2) but the target is (2, 3)"));
  REQUIRE_THROWS_WITH(weighted_sum(in, weight), ContainsText("needs one column, got x (2, 2)"));
}
