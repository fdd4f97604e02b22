#include <latentcell/op/slice_columns.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("slice_columns: the columns asked for, in order") {
  Matrix<float> a(2, 4);
  a << 1, 2, 3, 4, 5, 6, 7, 8;
  Tape<float> tape;
  const Var<float> y = slice_columns(tape.input(window(a)), 1, 2);
  CHECK(y.shape() == Shape(2, 2));
  CHECK(y.value()(0, 0) == 2);
  CHECK(y.value()(1, 1) == 7);
}

TEST_CASE("slice_columns: columns that x does not have are named") {
  const Matrix<float> a = Matrix<float>::Zero(2, 6);
  Tape<float> tape;
  const Var<float> x = tape.input(window(a));
  REQUIRE_THROWS_WITH(slice_columns(x, 4, 3), ContainsText("slice_columns: [4, 7) of x (2, 6)"));
}
