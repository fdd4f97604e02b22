#include <latentcell/core/shape.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("Shape: matrices and tokens have rows and columns") {
  const Shape matrix(4, 5), tokens(2, 3, 5);
  CHECK(matrix.rows() == 4);
  CHECK(matrix.tokens() == 1);
  CHECK(tokens.rows() == 6);
  CHECK(tokens.size() == 30);
  CHECK(tokens.batch() == 2);
  CHECK(tokens.with_cols(7) == Shape(2, 3, 7));
  CHECK(matrix != Shape(4, 1, 5));
  CHECK(matrix.to_string() == "(4, 5)");
  CHECK(tokens.to_string() == "(2, 3, 5)");
}
