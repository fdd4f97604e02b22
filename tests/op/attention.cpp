#include <latentcell/op/attention.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("attention: equal keys give the mean of the values") {
  Matrix<double> qkv = support::made_matrix(6, 12, 1);  // 2 cells of 3 tokens, width 4
  for (Index n = 0; n < 6; ++n) qkv.row(n).segment(4, 4) = qkv.row(n / 3 * 3).segment(4, 4);
  Tape<double> tape;
  const Var<double> y = attention(tape.input(window(qkv), Shape(2, 3, 12)), 2);
  CHECK(y.shape() == Shape(2, 3, 4));
  for (Index n = 0; n < 6; ++n) {
    const auto mean = qkv.block(n / 3 * 3, 8, 3, 4).colwise().mean();
    CHECK((y.value().row(n) - mean).cwiseAbs().maxCoeff() < 1e-14);
  }
}

TEST_CASE("attention: permuted tokens give permuted results") {
  const Matrix<double> a = support::made_matrix(3, 12, 2);
  Matrix<double> b(3, 12);
  const Index order[] = {2, 0, 1};
  for (Index n = 0; n < 3; ++n) b.row(n) = a.row(order[n]);
  Tape<double> tape;
  const auto x = attention(tape.input(window(a), Shape(1, 3, 12)), 2).value();
  const auto y = attention(tape.input(window(b), Shape(1, 3, 12)), 2).value();
  for (Index n = 0; n < 3; ++n) CHECK((y.row(n) - x.row(order[n])).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("attention: large scores stay finite") {
  Matrix<float> qkv = support::made_matrix<float>(3, 12, 3);
  qkv.leftCols(8) *= 1000.0f;
  Tape<float> tape;
  const Var<float> x = tape.input(window(qkv), Shape(1, 3, 12)), y = attention(x, 2);
  const Matrix<float> ones = Matrix<float>::Ones(3, 4);
  tape.backward(y, window(ones));
  CHECK(y.value().allFinite());
  CHECK(x.upstream().allFinite());
}

TEST_CASE("attention: bad widths are named") {
  const Matrix<float> a = Matrix<float>::Zero(2, 12), b = Matrix<float>::Zero(2, 11);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(attention(tape.input(window(b)), 1), ContainsText("must have 3 D columns"));
  REQUIRE_THROWS_WITH(attention(tape.input(window(a)), 3), ContainsText("width 4 cannot be cut into 3 heads"));
}
