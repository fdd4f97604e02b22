#include <latentcell/op/dropout.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("dropout: drops its share and keeps the mean") {
  const Matrix<double> x = Matrix<double>::Ones(100, 400);
  Tape<double> tape(Mode::train, Rng(3));
  const Var<double> y = dropout(tape.input(window(x)), 0.3);
  const double dropped = double((y.value().array() == 0).count()) / 40000;
  CHECK(dropped == Approx(0.3).margin(0.012));  // five standard errors
  CHECK(y.value().mean() == Approx(1).margin(0.02));
  CHECK(y.value().maxCoeff() == Approx(1 / 0.7));
}

TEST_CASE("dropout: the identity unless the tape trains, and for a share of zero") {
  const Matrix<float> x = support::made_matrix<float>(3, 5, 1);
  Tape<float> tape(Mode::evaluate, Rng(3));
  CHECK(dropout(tape.input(window(x)), 0.5f).value() == x);
  tape.reset(Mode::no_gradient, Rng(3));
  CHECK(dropout(tape.input(window(x)), 0.5f).value() == x);
  tape.reset(Mode::train, Rng(3));
  CHECK(dropout(tape.input(window(x)), 0.0f).value() == x);
}

TEST_CASE("dropout: two calls drop different numbers, the same seed the same") {
  const Matrix<float> x = Matrix<float>::Ones(20, 20);
  Tape<float> tape(Mode::train, Rng(4));
  const Var<float> in = tape.input(window(x));
  const Matrix<float> a = dropout(in, 0.5f).value(), b = dropout(in, 0.5f).value();
  CHECK(a != b);
  tape.reset(Mode::train, Rng(4));
  CHECK(dropout(tape.input(window(x)), 0.5f).value() == a);
}

TEST_CASE("dropout: a share outside [0, 1) is named") {
  const Matrix<float> x = Matrix<float>::Ones(2, 2);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(dropout(tape.input(window(x)), 1.0f), ContainsText("share must lie in [0, 1), got 1"));
  REQUIRE_THROWS_WITH(dropout(tape.input(window(x)), -0.5f), ContainsText("got -0.5"));
}
