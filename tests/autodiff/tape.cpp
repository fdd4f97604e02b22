#include <cmath>
#include <set>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/linear.hpp>
#include <latentcell/op/reduce.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

namespace {

Param<double> made_param(Index rows, Index cols, std::uint64_t seed) {
  Param<double> p(rows, cols);
  p.value = support::made_matrix(rows, cols, seed);
  return p;
}

Matrix<double> gradient(const Tape<double>& tape, const Param<double>& p) {
  return ConstView<double>(tape.grad(p), p.value.rows(), p.value.cols());
}

}  // namespace

TEST_CASE("tape: a Var used after reset throws") {
  Tape<float> tape;
  const Matrix<float> x = Matrix<float>::Ones(2, 2);
  const Var<float> v = tape.input(window(x));
  tape.reset();
  REQUIRE_THROWS_WITH(v.value(), ContainsText("Var: used after its tape was reset"));
  REQUIRE_THROWS_WITH(silu(v), ContainsText("used after its tape was reset"));
  (void)tape.input(window(x));
  REQUIRE_THROWS_AS(v.value(), std::invalid_argument);
}

TEST_CASE("tape: a Param is watched once, and its uses add up") {
  const Param<double> p = made_param(2, 3, 1);
  Tape<double> tape;
  const Var<double> a = tape.watch(p), b = tape.watch(p);
  CHECK(a.value().data() == p.value.data());
  CHECK(a.value().data() == b.value().data());
  tape.backward(mean(add(mul(a, a), scale(b, 3.0))));
  CHECK((gradient(tape, p) - (2 * p.value + Matrix<double>::Constant(2, 3, 3)) / 6).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("tape: many Params keep their own gradients") {
  std::vector<Param<double>> all;
  for (int i = 0; i < 300; ++i) all.push_back(made_param(1, 1, std::uint64_t(i)));
  Tape<double> tape;
  for (int round = 0; round < 2; ++round) {
    tape.reset();
    Var<double> sum = scale(tape.watch(all[0]), 1.0);
    for (std::size_t i = 1; i < all.size(); ++i) sum = add(sum, scale(tape.watch(all[i]), double(i + 1)));
    tape.backward(sum);
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(*tape.grad(all[i]) == double(i + 1));
  }
}

TEST_CASE("tape: a frozen Param and one that took no part have no gradient") {
  Param<double> frozen = made_param(2, 2, 1);
  frozen.frozen = true;
  const Param<double> used = made_param(2, 2, 2), idle = made_param(2, 2, 3);
  Tape<double> tape;
  CHECK(tape.grad(used) == nullptr);
  const Var<double> y = mean(mul(tape.watch(frozen), tape.watch(used)));
  CHECK_FALSE(tape.watch(frozen).needs_grad());
  tape.backward(y);
  CHECK(tape.grad(frozen) == nullptr);
  CHECK(tape.grad(idle) == nullptr);
  CHECK((gradient(tape, used) - frozen.value / 4).cwiseAbs().maxCoeff() < 1e-16);
  tape.reset();
  CHECK(tape.grad(used) == nullptr);
}

TEST_CASE("tape: backward several times adds up at leaves and starts anew between") {
  const Param<double> p = made_param(2, 2, 1);
  Tape<double> tape;
  const Var<double> h = mul(tape.watch(p), tape.watch(p)), a = mean(h), b = mean(scale(h, 2.0));
  tape.backward(a);
  const Matrix<double> once = gradient(tape, p);
  // What lies between has handed its gradient on: asking for it is refused, never answered with zeros.
  REQUIRE_THROWS_WITH(h.upstream(), ContainsText("was handed on in backward() and is gone"));
  REQUIRE_THROWS_WITH(h.slot(), ContainsText("was handed on in backward() and is gone"));
  tape.backward(b);
  REQUIRE_THROWS_WITH(h.grad(), ContainsText("was handed on in backward() and is gone"));
  CHECK((gradient(tape, p) - 3 * once).cwiseAbs().maxCoeff() < 1e-15);
  tape.clear_gradients();
  CHECK(tape.grad(p) == nullptr);
  tape.backward(a);
  CHECK(gradient(tape, p) == once);
}

TEST_CASE("tape: a seed weighs the results") {
  const Matrix<double> x = support::made_matrix(2, 3, 1), seed = support::made_matrix(2, 3, 2);
  Tape<double> tape;
  const Var<double> in = tape.input(window(x));
  tape.backward(mul(in, in), window(seed));
  CHECK((in.upstream() - 2 * x.cwiseProduct(seed)).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("tape: hand_gradient takes the memory over where nothing came before, and adds where it did") {
  const Matrix<double> x = Matrix<double>::Ones(1, 2);
  Tape<double> tape;
  const Var<double> in = tape.input(window(x));
  double* first = tape.scratch(2);
  double* second = tape.scratch(2);
  first[0] = 1, first[1] = 2, second[0] = 10, second[1] = 20;
  tape.hand_gradient(in, first);
  CHECK(in.upstream().data() == first);
  tape.hand_gradient(in, second);
  CHECK(in.upstream()(0, 0) == 11);
  CHECK(in.upstream()(0, 1) == 22);
}

TEST_CASE("tape: without gradients nothing is recorded") {
  const Param<double> p = made_param(2, 2, 1);
  Tape<double> tape(Mode::no_gradient);
  const Var<double> y = mean(mul(tape.watch(p), tape.watch(p)));
  CHECK_FALSE(y.needs_grad());
  CHECK(y.item() == Approx(p.value.squaredNorm() / 4));
  REQUIRE_THROWS_WITH(tape.backward(y), ContainsText("the tape was made with Mode::no_gradient"));
  CHECK(tape.grad(p) == nullptr);
}

TEST_CASE("tape: a constant is a window without a gradient") {
  Matrix<double> x = Matrix<double>::Ones(1, 2);
  Tape<double> tape;
  const Var<double> c = tape.constant(window(x));
  x(0, 1) = 5;
  CHECK(c.value()(0, 1) == 5);
  CHECK_FALSE(silu(c).needs_grad());
  REQUIRE_THROWS_WITH(c.grad(), ContainsText("grad: the Var of shape (1, 2) carries no gradient"));
  REQUIRE_THROWS_WITH(tape.backward(mean(c)), ContainsText("nothing that the Var depends on asks for a gradient"));
}

TEST_CASE("tape: bad calls are named") {
  const Matrix<double> x = Matrix<double>::Ones(2, 3);
  Tape<double> tape;
  const Var<double> in = tape.input(window(x));
  REQUIRE_THROWS_WITH(tape.backward(in), ContainsText("backward: needs a (1, 1) loss, got (2, 3)"));
  REQUIRE_THROWS_WITH(in.item(), ContainsText("item: needs one number, the Var is (2, 3)"));
  const Matrix<double> seed = Matrix<double>::Ones(3, 2);
  REQUIRE_THROWS_WITH(tape.backward(in, window(seed)), ContainsText("seed is (3, 2) but the Var is (2, 3)"));
  REQUIRE_THROWS_WITH(tape.input(window(x), Shape(2, 2)), ContainsText("input: 6 numbers do not fill (2, 2)"));
  REQUIRE_THROWS_WITH(tape.constant(window(x), Shape(2, 2)), ContainsText("constant: 6 numbers do not fill (2, 2)"));
}

TEST_CASE("tape: a steady state allocates nothing on the heap") {
  const Param<double> w = made_param(8, 8, 1), b = made_param(1, 8, 2);
  const Matrix<double> x = support::made_matrix(16, 8, 3);
  Tape<double> tape;
  const auto step = [&] {
    tape.reset(Mode::train, Rng(1));
    Var<double> h = tape.constant(window(x));
    for (int layer = 0; layer < 20; ++layer) h = silu(linear(h, tape.watch(w), tape.watch(b)));
    tape.backward(mean(h));
  };
  step();
  const std::size_t memory = tape.memory();
  const long before = support::allocations;
  for (int i = 0; i < 5; ++i) step();
  CHECK(support::allocations - before == 0);
  CHECK(tape.memory() == memory);
}

TEST_CASE("tape: memory of gradients that were handed on serves earlier steps, and a workspace goes back at once") {
  const Index n = 1000, depth = 40;
  Tape<float> tape;
  const Matrix<float> x = Matrix<float>::Ones(n, 1);
  const Var<float> in = tape.input(view(x));
  Var<float> y = in;
  std::set<const float*> places;  // where the gradients of the chain lay
  for (Index i = 0; i < depth; ++i) {
    y = scale(y, 1.01f);
    tape.on_backward(y, [y, to = &places] { to->insert(y.upstream().data()); });
  }
  tape.backward(mean(y));
  CHECK(in.grad()(n - 1, 0) * float(n) == Approx(std::pow(1.01, double(depth))).epsilon(1e-4));
  CHECK(places.size() == 2);  // one that has arrived, one that is being made

  tape.reset();
  const float* const first = tape.workspace(100).data();
  CHECK(tape.workspace(50).data() == first);
}

TEST_CASE("tape: a Var with two closures keeps its gradient until both have run, in every backward()") {
  Tape<double> tape;
  const Matrix<double> x = Matrix<double>::Constant(1, 1, 3.0);
  const Var<double> a = tape.input(view(x)), b = tape.input(view(x));
  const Var<double> y = scale(a, 2.0);
  tape.on_backward(y, [=] { b.grad() += 5.0 * y.upstream(); });
  tape.backward(y);
  CHECK(a.grad()(0, 0) == 2.0);
  CHECK(b.grad()(0, 0) == 5.0);
  tape.backward(y);
  CHECK(a.grad()(0, 0) == 4.0);
  CHECK(b.grad()(0, 0) == 10.0);
}

TEST_CASE("tape: a gradient that is passed on takes its memory along, and only where nobody else needs it") {
  const Param<double> p = made_param(3, 4, 5);
  Tape<double> tape;
  const Var<double> leaf = tape.watch(p), x = scale(leaf, 2.0);
  // One step y = f(x) that passes its gradient on; it tells where that lay and where x found it.
  const auto step = [&](Var<double> from, const double** before, const double** after) {
    Var<double> y = tape.alloc(from.shape(), from);
    y.out() = from.value();
    tape.on_backward(y, [=] {
      *before = y.upstream().data();
      y.tape().pass_gradient(y, from);
      *after = from.upstream().data();
    });
    return y;
  };
  const double *before = nullptr, *after = nullptr;
  tape.backward(mean(step(x, &before, &after)));
  CHECK(before == after);
  CHECK((gradient(tape, p) - Matrix<double>::Constant(3, 4, 2.0 / 12)).cwiseAbs().maxCoeff() < 1e-15);

  // x has a second use, whose gradient comes first: then the two add up and the memory stays.
  tape.reset();
  const Var<double> a = scale(tape.watch(p), 2.0), passed = step(a, &before, &after);
  tape.backward(mean(add(passed, scale(a, 3.0))));
  CHECK(before != after);
  CHECK((gradient(tape, p) - Matrix<double>::Constant(3, 4, 8.0 / 12)).cwiseAbs().maxCoeff() < 1e-15);
  tape.backward(mean(passed));
  CHECK((gradient(tape, p) - Matrix<double>::Constant(3, 4, 10.0 / 12)).cwiseAbs().maxCoeff() < 1e-15);

  // y has another closure that is still to come: its memory is not given away.
  tape.reset();
  const Var<double> b = scale(tape.watch(p), 2.0);
  Var<double> y = tape.alloc(b.shape(), b);
  y.out() = b.value();
  double seen = 0;
  double* const to = &seen;
  tape.on_backward(y, [=] { *to = y.upstream().sum(); });
  tape.on_backward(y, [=] { y.tape().pass_gradient(y, b); });
  tape.backward(mean(y));
  CHECK(std::abs(seen - 1) < 1e-14);
}
