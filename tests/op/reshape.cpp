#include <latentcell/op/reshape.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("reshape: tokens and back are the same numbers") {
  const Matrix<float> a = support::made_matrix<float>(2, 6, 3);
  Tape<float> tape;
  const Var<float> tokens = reshape(tape.input(window(a)), Shape(2, 3, 2));
  CHECK(tokens.rows() == 6);
  CHECK(tokens.value()(4, 1) == a(1, 3));
  CHECK(reshape(tokens, Shape(2, 6)).value() == a);
}

TEST_CASE("reshape: another size is named") {
  const Matrix<float> a = Matrix<float>::Zero(2, 6);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(reshape(tape.input(window(a)), Shape(2, 3, 3)),
                      ContainsText("reshape: x (2, 6) does not fill (2, 3, 3)"));
}
