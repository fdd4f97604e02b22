#include <latentcell/autodiff/visit.hpp>
#include <latentcell/backbone/dit.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

namespace {

const DitOptions tiny{.latent = 6, .tokens = 3, .width = 8, .depth = 2, .heads = 2, .mlp_ratio = 2, .condition = 5};

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
  CHECK(near(gradient(block.ada->weight), reference.matrix("block.d.ada.weight")));
  CHECK(near(gradient(block.down.bias), reference.matrix("block.d.down.bias")));
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
                      ContainsText("condition (2, 6) has 6 columns but the options say 5"));
  o = tiny;
  o.condition_tokens = 5;
  REQUIRE_THROWS_WITH(Dit<float>(o, rng), ContainsText("adaln and film take one vector"));
  o.injection = Injection::cross_attention;
  o.condition_tokens = 2;
  REQUIRE_THROWS_WITH(Dit<float>(o, rng), ContainsText("a condition of 5 cannot be cut into 2 tokens"));
}
