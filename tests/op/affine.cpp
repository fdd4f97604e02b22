#include <latentcell/op/affine.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("affine: a weight and a bias per column") {
  Matrix<float> x(2, 2), w(1, 2), b(1, 2), expected(2, 2);
  x << 1, 2, 3, 4;
  w << 2, -1;
  b << 10, 20;
  expected << 12, 18, 16, 16;
  Tape<float> tape;
  CHECK(affine(tape.input(window(x)), tape.input(window(w)), tape.input(window(b))).value() == expected);
}

TEST_CASE("affine: a weight that does not fit is named") {
  const Matrix<float> a(2, 3), b(3, 2);
  Tape<float> tape;
  const Var<float> x = tape.input(window(a)), y = tape.input(window(b));
  REQUIRE_THROWS_WITH(affine(x, y, y), ContainsText("affine: x (2, 3) does not fit weight (3, 2)"));
}
