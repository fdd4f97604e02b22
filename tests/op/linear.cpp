#include <latentcell/op/linear.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("linear: x W^T + b") {
  Matrix<float> x(1, 2), w(3, 2), b(1, 3);
  x << 2, 3;
  w << 1, 0, 0, 1, 1, -1;
  b << 10, 20, 30;
  Tape<float> tape;
  const Matrix<float> y = linear(tape.input(window(x)), tape.input(window(w)), tape.input(window(b))).value();
  CHECK(y(0, 0) == 12);
  CHECK(y(0, 1) == 23);
  CHECK(y(0, 2) == 29);
}

TEST_CASE("linear: shapes that do not fit are named") {
  const Matrix<float> x = Matrix<float>::Zero(3, 5), w = Matrix<float>::Zero(12, 6), v = Matrix<float>::Zero(12, 5),
                      b = Matrix<float>::Zero(1, 4);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(linear(tape.input(window(x)), tape.input(window(w)), tape.input(window(b))),
                      ContainsText("linear: x (3, 5) has 5 columns but weight (12, 6) takes 6"));
  REQUIRE_THROWS_WITH(linear(tape.input(window(x)), tape.input(window(v)), tape.input(window(b))),
                      ContainsText("linear: bias (1, 4) does not fit weight (12, 5)"));
}
