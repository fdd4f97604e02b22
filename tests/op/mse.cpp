#include <latentcell/op/mse.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("mse: closed forms, with and without weights") {
  Matrix<float> x(2, 2), target(2, 2);
  x << 1, 2, 3, 4;
  target << 1, 0, 3, 0;
  Tape<float> tape;
  const Var<float> in = tape.input(window(x));
  CHECK(mse(in, window(target)).item() == 5.0f);
  const float weight[] = {2, -1};
  CHECK(mse(in, window(target), weight).item() == -2.0f);  // (2 (0 + 4) - (0 + 16)) / 4
}

TEST_CASE("mse: a target of another shape is named") {
  const Matrix<float> x = Matrix<float>::Zero(2, 2), target = Matrix<float>::Zero(2, 3);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(mse(tape.input(window(x)), window(target)),
                      ContainsText("mse: x (2, 2) but the target is (2, 3)"));
}
