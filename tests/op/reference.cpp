// Numbers of a twin in NumPy: tests/reference/op.py.
#include <latentcell/op/attention.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/layer_norm.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

namespace {

template <class T>
double gap(const ConstView<T>& a, const Matrix<double>& b) {
  return (a.template cast<double>() - b).cwiseAbs().maxCoeff();
}

}  // namespace

TEMPLATE_TEST_CASE("op: layer_norm, gelu and attention agree with NumPy", "", double, float) {
  using T = TestType;
  const Reference reference("op");
  const double near = std::is_same_v<T, double> ? 1e-12 : 2e-5;
  const auto get = [&](const char* name) -> Matrix<T> { return reference.matrix(name).cast<T>(); };
  Tape<T> tape;

  const Matrix<T> x = get("layer_norm.x"), seed = get("layer_norm.seed");
  const Var<T> in = tape.input(window(x)), y = layer_norm(in);
  tape.backward(y, window(seed));
  CHECK(gap<T>(y.value(), reference.matrix("layer_norm.y")) < near);
  CHECK(gap<T>(in.upstream(), reference.matrix("layer_norm.dx")) < near * 500);  // up to 1 / 0.01

  const Matrix<T> points = get("gelu.x"), ones = Matrix<T>::Ones(1, 25);
  const Var<T> at = tape.input(window(points)), g = gelu(at);
  tape.backward(g, window(ones));
  CHECK(gap<T>(g.value(), reference.matrix("gelu.y")) < near);
  CHECK(gap<T>(at.upstream(), reference.matrix("gelu.dx")) < near);

  const Matrix<T> qkv = get("attention.qkv"), start = get("attention.seed");
  const Var<T> tokens = tape.input(window(qkv), Shape(2, 3, 24)), a = attention(tokens, 2);
  tape.backward(a, window(start));
  CHECK(gap<T>(a.value(), reference.matrix("attention.y")) < near);
  CHECK(gap<T>(tokens.upstream(), reference.matrix("attention.dqkv")) < near);
}
