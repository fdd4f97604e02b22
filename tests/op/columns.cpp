#include <latentcell/op/columns.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("concat: columns gives back both parts") {
  const Matrix<float> a = support::made_matrix<float>(3, 2, 1), b = support::made_matrix<float>(3, 4, 2);
  Tape<float> tape;
  const Var<float> both = concat(tape.input(window(a)), tape.input(window(b)));
  CHECK(columns(both, 0, 2).value() == a);
  CHECK(columns(both, 2, 4).value() == b);
}

TEST_CASE("reshape: tokens and back are the same numbers") {
  const Matrix<float> a = support::made_matrix<float>(2, 6, 3);
  Tape<float> tape;
  const Var<float> tokens = reshape(tape.input(window(a)), Shape(2, 3, 2));
  CHECK(tokens.rows() == 6);
  CHECK(tokens.value()(4, 1) == a(1, 3));
  CHECK(reshape(tokens, Shape(2, 6)).value() == a);
}

TEST_CASE("columns, concat, reshape: bad input is named") {
  const Matrix<float> a = Matrix<float>::Zero(2, 6), b = Matrix<float>::Zero(3, 6);
  Tape<float> tape;
  const Var<float> x = tape.input(window(a));
  REQUIRE_THROWS_WITH(columns(x, 4, 3), ContainsText("columns: [4, 7) of x (2, 6)"));
  REQUIRE_THROWS_WITH(concat(x, tape.input(window(b))), ContainsText("have different rows"));
  REQUIRE_THROWS_WITH(reshape(x, Shape(2, 3, 3)), ContainsText("reshape: x (2, 6) does not fill (2, 3, 3)"));
}
