#include <latentcell/op/broadcast.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("broadcast: every row or column is the one given") {
  Matrix<float> row(1, 3), column(2, 1);
  row << 1, 2, 3;
  column << 4, 5;
  Tape<float> tape;
  const Var<float> rows = broadcast_rows(tape.input(window(row)), 2),
                   columns = broadcast_columns(tape.input(window(column)), 3);
  CHECK(rows.shape() == Shape(2, 3));
  CHECK(rows.value().row(1) == row.row(0));
  CHECK(columns.shape() == Shape(2, 3));
  CHECK(columns.value().col(2) == column.col(0));
}

TEST_CASE("broadcast: what is no row or column is named") {
  const Matrix<float> x = Matrix<float>::Zero(2, 3);
  Tape<float> tape;
  const Var<float> in = tape.input(window(x));
  REQUIRE_THROWS_WITH(broadcast_rows(in, 2), ContainsText("broadcast_rows: x (2, 3) must be one row"));
  REQUIRE_THROWS_WITH(broadcast_columns(in, 2), ContainsText("broadcast_columns: x (2, 3) must be one column"));
}
