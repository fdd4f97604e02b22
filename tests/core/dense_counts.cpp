#include <latentcell/core/dense_counts.hpp>

#include <limits>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("dense_counts: every value stands in its row and column, zero elsewhere") {
  Counts c(3);
  c.push(2, 5);
  c.end_row();
  c.end_row();
  c.push(0, 1);
  c.push(1, 4);
  c.end_row();
  CHECK(dense_counts(c.view()) == Matrix<float>{{0, 0, 5}, {0, 0, 0}, {1, 4, 0}});
}

TEST_CASE("sparse_counts: there and back again, from any scalar and storage order; what is no count is refused") {
  const Matrix<float> x{{0, 0, 5}, {0, 0, 0}, {1, 4, 0}};
  CHECK(dense_counts(sparse_counts(x).view()) == x);
  const Eigen::MatrixXd by_columns = x.cast<double>();
  CHECK(sparse_counts(by_columns).nonzeros() == 3);
  CHECK(dense_counts(sparse_counts(by_columns).view()) == x);
  CHECK(sparse_counts(Matrix<float>(0, 4)).cols() == 4);
  Matrix<float> negative = x;
  negative(2, 1) = -4;
  CHECK_THROWS_WITH(sparse_counts(negative), ContainsText("row 2, column 1 holds -4, which is no count"));
  negative(2, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(sparse_counts(negative), ContainsText("row 2, column 1"));
}
