#include <cmath>

#include <latentcell/op/add_positions.hpp>
#include <latentcell/op/affine.hpp>
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

TEST_CASE("sub undoes add, div undoes mul, log undoes exp; sqrt and tanh in closed form") {
  const Matrix<double> a = support::made_matrix(3, 4, 1), b = support::made_matrix(3, 4, 2).cwiseAbs().array() + 0.5;
  Tape<double> tape;
  const Var<double> x = tape.input(window(a)), y = tape.input(window(b));
  CHECK((sub(add(x, y), y).value() - a).norm() < 1e-14);
  CHECK((div(mul(x, y), y).value() - a).norm() < 1e-14);
  CHECK((latentcell::log(latentcell::exp(x)).value() - a).norm() < 1e-12);
  const auto root = latentcell::sqrt(y).value();
  CHECK((root.cwiseProduct(root) - b).norm() < 1e-14);
  CHECK((latentcell::tanh(x).value().array() - a.array().tanh()).matrix().norm() < 1e-12);
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
  const Matrix<float> a(2, 3), b(3, 2);
  Tape<float> tape;
  const Var<float> x = tape.input(window(a)), y = tape.input(window(b));
  REQUIRE_THROWS_WITH(add(x, y), ContainsText("add: x (2, 3) and y (3, 2) differ"));
  REQUIRE_THROWS_WITH(mul(x, y), ContainsText("mul: x (2, 3) and y (3, 2) differ"));
  REQUIRE_THROWS_WITH(sub(x, y), ContainsText("sub: x (2, 3) and y (3, 2) differ"));
  REQUIRE_THROWS_WITH(div(x, y), ContainsText("div: x (2, 3) and y (3, 2) differ"));
}
