#include <latentcell/op/modulate.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("modulate: nothing to shift or scale leaves x") {
  const Matrix<float> x = support::made_matrix<float>(6, 4, 1), zero = Matrix<float>::Zero(2, 4);
  Tape<float> tape;
  const Var<float> none = tape.input(window(zero)), in = tape.input(window(x), Shape(2, 3, 4));
  CHECK(modulate(in, none, none).value() == x);
  CHECK(gated_add(in, none, in).value() == x);
}

TEST_CASE("modulate: the tokens of a cell share shift and scale") {
  const Matrix<double> x = support::made_matrix(6, 4, 1), shift = support::made_matrix(2, 4, 2),
                       scale = support::made_matrix(2, 4, 3);
  Tape<double> tape;
  const Matrix<double> y =
      modulate(tape.input(window(x), Shape(2, 3, 4)), tape.input(window(shift)), tape.input(window(scale))).value();
  CHECK(y(2, 1) == Approx(x(2, 1) * (1 + scale(0, 1)) + shift(0, 1)));
  CHECK(y(3, 1) == Approx(x(3, 1) * (1 + scale(1, 1)) + shift(1, 1)));
}

TEST_CASE("modulate: shapes that do not fit are named") {
  const Matrix<float> x = Matrix<float>::Zero(6, 4), s = Matrix<float>::Zero(3, 4);
  Tape<float> tape;
  const Var<float> tokens = tape.input(window(x), Shape(2, 3, 4)), wrong = tape.input(window(s));
  REQUIRE_THROWS_WITH(modulate(tokens, wrong, wrong), ContainsText("modulate: x (2, 3, 4) does not fit shift (3, 4)"));
  REQUIRE_THROWS_WITH(gated_add(tokens, wrong, tokens), ContainsText("gate (3, 4) do not fit"));
}
