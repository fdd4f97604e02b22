#include <latentcell/op/add_positions.hpp>
#include <latentcell/op/reshape.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("add_positions: each cell's tokens get the same positions") {
  Matrix<float> x(4, 1), p(2, 1), expected(4, 1);
  x << 1, 2, 3, 4;
  p << 10, 20;
  expected << 11, 22, 13, 24;
  Tape<float> tape;
  const Var<float> tokens = reshape(tape.input(window(x)), Shape(2, 2, 1));
  CHECK(add_positions(tokens, tape.input(window(p))).value() == expected);
}

TEST_CASE("add_positions: positions that do not fit are named") {
  const Matrix<float> a(2, 3), b(3, 2);
  Tape<float> tape;
  const Var<float> x = tape.input(window(a)), y = tape.input(window(b));
  REQUIRE_THROWS_WITH(add_positions(x, y), ContainsText("does not fit positions (3, 2)"));
}
