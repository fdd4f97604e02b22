#include <latentcell/op/concat.hpp>
#include <latentcell/op/slice_columns.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("concat: slice_columns gives back both parts") {
  const Matrix<float> a = support::made_matrix<float>(3, 2, 1), b = support::made_matrix<float>(3, 4, 2);
  Tape<float> tape;
  const Var<float> both = concat(tape.input(window(a)), tape.input(window(b)));
  CHECK(slice_columns(both, 0, 2).value() == a);
  CHECK(slice_columns(both, 2, 4).value() == b);
}

TEST_CASE("concat: other numbers of rows are named") {
  const Matrix<float> a = Matrix<float>::Zero(2, 6), b = Matrix<float>::Zero(3, 6);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(concat(tape.input(window(a)), tape.input(window(b))), ContainsText("have different rows"));
}
