#include <cmath>

#include <latentcell/op/elementwise.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("silu and gelu: closed forms, also far out") {
  Matrix<double> x(1, 7);
  x << -40, -3, -0.5, 0, 0.5, 3, 40;
  Tape<double> tape;
  const auto s = silu(tape.input(window(x))).value(), g = gelu(tape.input(window(x))).value();
  for (Index i = 0; i < 7; ++i) {
    const double v = x(0, i);
    CHECK(s(0, i) == Approx(v / (1 + std::exp(-v))).margin(1e-15));
    CHECK(g(0, i) ==
          Approx(0.5 * v * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (v + 0.044715 * v * v * v))))
              .margin(1e-15));
  }
}

TEST_CASE("clamp: holds the bounds and stops the gradient beyond them") {
  Matrix<float> x(1, 3);
  x << -2, 0.5f, 3;
  Tape<float> tape;
  const Var<float> in = tape.input(window(x)), y = clamp(in, -1.0f, 1.0f);
  CHECK(y.value()(0, 0) == -1);
  CHECK(y.value()(0, 1) == 0.5f);
  CHECK(y.value()(0, 2) == 1);
  const Matrix<float> ones = Matrix<float>::Ones(1, 3);
  tape.backward(y, window(ones));
  CHECK(in.upstream()(0, 0) == 0);
  CHECK(in.upstream()(0, 1) == 1);
  CHECK(in.upstream()(0, 2) == 0);
}

TEST_CASE("elementwise: shapes that differ are named") {
  const Matrix<float> a(2, 3), b(3, 2), row(1, 3);
  Tape<float> tape;
  const Var<float> x = tape.input(window(a)), y = tape.input(window(b));
  REQUIRE_THROWS_WITH(add(x, y), ContainsText("add: x (2, 3) and y (3, 2) differ"));
  REQUIRE_THROWS_WITH(mul(x, y), ContainsText("mul: x (2, 3) and y (3, 2) differ"));
  REQUIRE_THROWS_WITH(affine(x, y, y), ContainsText("affine: x (2, 3) does not fit weight (3, 2)"));
  REQUIRE_THROWS_WITH(add_positions(x, y), ContainsText("does not fit positions (3, 2)"));
}
