#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/backbone/dit.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/optim/adamw.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

namespace {

const DitOptions tiny{.latent = 6, .tokens = 3, .width = 8, .depth = 2, .heads = 2, .mlp_ratio = 2, .condition = 5};

template <class Model>
void disturb(Model& model, double spread) {
  Rng rng(12);
  each_param(model, [&](auto& p) {
    using T = typename std::remove_cvref_t<decltype(p.value)>::Scalar;
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += T(spread * rng.normal());
  });
}

}  // namespace

TEST_CASE("DitBlock: values and gradients agree with NumPy") {
  const Reference reference("op");  // tests/reference/op.py
  Rng rng(1);
  DitBlock<double> block({.width = 8, .heads = 2, .mlp_ratio = 2}, rng);
  visit_params(block, [&](std::string_view name, Param<double>& p) {
    const Matrix<double>& value = reference.matrix("block." + std::string(name));
    REQUIRE((p.value.rows() == value.rows() && p.value.cols() == value.cols()));
    p.value = value;
  });
  const Matrix<double> x = reference.matrix("block.x"), c = reference.matrix("block.c");
  Tape<double> tape;
  const Var<double> in = tape.input(window(x), Shape(2, 3, 8)), condition = tape.input(window(c));
  const Var<double> y = block(in, condition);
  tape.backward(y, window(reference.matrix("block.seed")));
  const auto near = [](const auto& a, const Matrix<double>& b) { return (a - b).cwiseAbs().maxCoeff() < 1e-11; };
  CHECK(near(y.value(), reference.matrix("block.y")));
  CHECK(near(in.upstream(), reference.matrix("block.dx")));
  CHECK(near(condition.upstream(), reference.matrix("block.dc")));
  const auto gradient = [&](const Param<double>& p) {
    return ConstView<double>(tape.grad(p), p.value.rows(), p.value.cols());
  };
  CHECK(near(gradient(block.attention.qkv.weight), reference.matrix("block.d.attention.qkv.weight")));
  CHECK(near(gradient(block.ada.weight), reference.matrix("block.d.ada.weight")));
  CHECK(near(gradient(block.down.bias), reference.matrix("block.d.down.bias")));
}

TEST_CASE("Dit: predicts zero at the start, whatever it is given") {
  Rng rng(1);
  const Dit<float> dit(tiny, rng);
  const Matrix<float> z = made_matrix<float>(4, 6, 1), c = made_matrix<float>(4, 5, 2);
  const std::vector<float> t{0, 0.3f, 0.7f, 1};
  Tape<float> tape;
  const Var<float> v = dit(tape, tape.constant(window(z)), t, tape.constant(window(c)));
  CHECK(v.shape() == Shape(4, 6));
  CHECK(v.value().cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("Dit: depends on latent, time and condition after a few steps") {
  Rng rng(1);
  Dit<float> dit(tiny, rng);
  AdamW<float> optimizer;
  const Matrix<float> z = made_matrix<float>(4, 6, 1), c = made_matrix<float>(4, 5, 2),
                      target = made_matrix<float>(4, 6, 3);
  const std::vector<float> t{0.1f, 0.3f, 0.7f, 0.9f}, other{0.9f, 0.3f, 0.7f, 0.9f};
  Tape<float> tape;
  const auto value = [&](const Matrix<float>& at, const std::vector<float>& time, const Matrix<float>& given) {
    tape.reset(Mode::no_gradient, Rng(1));
    return Matrix<float>(dit(tape, tape.constant(window(at)), time, tape.constant(window(given))).value());
  };
  std::vector<float> loss;
  for (int step = 0; step < 4; ++step) {
    tape.reset(Mode::train, Rng(1));
    const Var<float> l = mse(dit(tape, tape.constant(window(z)), t, tape.constant(window(c))), window(target));
    tape.backward(l);
    loss.push_back(l.item());
    optimizer.step(dit, tape, 1e-2f);
  }
  CHECK(loss.back() < loss.front());
  const Matrix<float> base = value(z, t, c);
  const auto rows_that_change = [&](const Matrix<float>& now) {
    return std::pair((now.row(0) - base.row(0)).cwiseAbs().maxCoeff(),
                     (now.bottomRows(3) - base.bottomRows(3)).cwiseAbs().maxCoeff());
  };
  Matrix<float> c2 = c, z2 = z;
  c2(0, 0) += 1;
  z2(0, 0) += 1;
  for (const auto& [first, rest] :
       {rows_that_change(value(z, t, c2)), rows_that_change(value(z2, t, c)), rows_that_change(value(z, other, c))}) {
    CHECK(first > 1e-5f);
    CHECK(rest < 1e-6f);  // cells do not see each other
  }
}

TEST_CASE("Dit: gradients of the whole model agree with central differences") {
  Rng rng(1);
  Dit<double> dit(tiny, rng);
  disturb(dit, 0.2);
  const std::vector<double> t{0.2, 0.8};
  const std::vector<Matrix<double>> inputs{made_matrix(2, 6, 1), made_matrix(2, 5, 2)};
  const auto run = [&](Tape<double>& tape, const std::vector<Var<double>>& x) { return dit(tape, x[0], t, x[1]); };
  const GradcheckResult result = gradcheck(run, inputs, {}, {.floor = 1e-3});
  INFO(result.where);
  CHECK(result.worst < 1e-6);

  // By a few elements of every Param.
  const Matrix<double> target = made_matrix(2, 6, 3);
  Tape<double> tape;
  const auto loss = [&] {
    tape.reset(Mode::train, Rng(1));
    return mse(dit(tape, tape.constant(window(inputs[0])), t, tape.constant(window(inputs[1]))), window(target));
  };
  std::vector<double> analytic;
  const auto picked = [](Index size) { return std::vector<Index>{0, size / 2, size - 1}; };
  tape.backward(loss());
  each_param(dit, [&](Param<double>& p) {
    REQUIRE(tape.grad(p) != nullptr);
    for (Index i : picked(p.value.size())) analytic.push_back(tape.grad(p)[i]);
  });
  std::size_t at = 0;
  visit_params(dit, [&](std::string_view name, Param<double>& p) {
    for (Index i : picked(p.value.size())) {
      double& x = p.value.data()[i];
      const double kept = x;
      x = kept + 1e-5;
      const double above = loss().item();
      x = kept - 1e-5;
      const double difference = (above - loss().item()) / 2e-5;
      x = kept;
      INFO(name << " " << i);
      CHECK(std::abs(analytic[at] - difference) < 1e-6 * std::max(1e-2, std::abs(difference)));
      ++at;
    }
  });
}

TEST_CASE("Dit: settings and inputs that do not fit are named") {
  Rng rng(1);
  DitOptions o = tiny;
  o.tokens = 4;
  REQUIRE_THROWS_WITH(Dit<float>(o, rng), ContainsText("a latent of 6 cannot be cut into 4 tokens"));
  o = tiny;
  o.heads = 3;
  REQUIRE_THROWS_WITH(Dit<float>(o, rng), ContainsText("width 8 cannot be cut into 3 heads"));
  const Dit<float> dit(tiny, rng);
  const Matrix<float> z = Matrix<float>::Zero(2, 6), wide = Matrix<float>::Zero(2, 7), c = Matrix<float>::Zero(2, 5);
  const std::vector<float> t{0, 1}, few{0};
  Tape<float> tape;
  REQUIRE_THROWS_WITH(dit(tape, tape.constant(window(wide)), t, tape.constant(window(c))),
                      ContainsText("z (2, 7) has 7 columns but the latent has 6"));
  REQUIRE_THROWS_WITH(dit(tape, tape.constant(window(z)), few, tape.constant(window(c))),
                      ContainsText("2 cells but 1 times"));
  REQUIRE_THROWS_WITH(dit(tape, tape.constant(window(z)), t, tape.constant(window(z))),
                      ContainsText("linear: x (2, 6)"));
}
