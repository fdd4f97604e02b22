#include <latentcell/op/layer_norm.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("layer_norm: rows have zero mean and unit variance, whatever their level and scale") {
  Matrix<double> x = support::made_matrix(4, 50, 1);
  x.row(1).array() += 1000;
  x.row(2) *= 1e4;
  Tape<double> tape;
  const Matrix<double> y = layer_norm(tape.input(window(x)), 1e-12).value();
  for (Index n = 0; n < 4; ++n) {
    CHECK(y.row(n).mean() == Approx(0).margin(1e-12));
    CHECK(y.row(n).squaredNorm() / 50 == Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("layer_norm: a row of equal numbers becomes zeros with a finite gradient") {
  const Matrix<float> x = Matrix<float>::Constant(1, 8, 3.0f);
  Tape<float> tape;
  const Var<float> in = tape.input(window(x)), y = layer_norm(in);
  CHECK(y.value().cwiseAbs().maxCoeff() == 0);
  const Matrix<float> seed = support::made_matrix<float>(1, 8, 2);
  tape.backward(y, window(seed));
  CHECK(in.upstream().allFinite());
}

TEST_CASE("layer_norm: one column is refused") {
  const Matrix<float> x = Matrix<float>::Zero(3, 1);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(layer_norm(tape.input(window(x))), ContainsText("needs at least two columns, got x (3, 1)"));
}
