#include <latentcell/op/embedding.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("embedding: gives the rows named") {
  const Matrix<float> table = support::made_matrix<float>(4, 3, 1);
  const std::vector<int> code{3, 0, 3};
  Tape<float> tape;
  const Var<float> y = embedding(tape.input(window(table)), std::span<const int>(code));
  CHECK(y.shape() == Shape(3, 3));
  CHECK(y.value().row(0) == table.row(3));
  CHECK(y.value().row(1) == table.row(0));
}

TEST_CASE("embedding: a code outside the table is named") {
  const Matrix<float> table = Matrix<float>::Zero(4, 3);
  Tape<float> tape;
  const std::vector<int> high{1, 4}, low{-1};
  REQUIRE_THROWS_WITH(embedding(tape.input(window(table)), std::span<const int>(high)),
                      ContainsText("embedding: code 4 of cell 1 but the table has 4 rows"));
  REQUIRE_THROWS_WITH(embedding(tape.input(window(table)), std::span<const int>(low)),
                      ContainsText("code -1 of cell 0"));
}
