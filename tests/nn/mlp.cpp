#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/nn/attention.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/nn/sparse_linear.hpp>
#include <latentcell/nn/time_embedding.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

TEST_CASE("LayerNorm: starts as the plain norm, then follows weight and bias") {
  LayerNorm<double> norm(6);
  const Matrix<double> x = made_matrix(3, 6, 1);
  Tape<double> tape;
  const Var<double> in = tape.constant(window(x));
  const Matrix<double> plain = layer_norm(in).value();
  CHECK(norm(in).value() == plain);
  norm.weight.value.setConstant(2);
  norm.bias.value.setConstant(-1);
  tape.reset();
  const Matrix<double> y = norm(tape.constant(window(x))).value();
  CHECK((y - (2 * plain.array() - 1).matrix()).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("Mlp: widths follow one another, none at all is the identity") {
  Rng rng(1);
  const std::vector<Index> widths{7, 5, 3};
  const Mlp<double> mlp(4, widths, 0.0, rng), nothing(4, {}, 0.0, rng);
  const Matrix<double> x = made_matrix(2, 4, 1);
  Tape<double> tape;
  const Var<double> in = tape.constant(window(x));
  CHECK(mlp(in).shape() == Shape(2, 3));
  CHECK(nothing(in).value() == x);
  CHECK(parameter_count(mlp) == 4 * 7 + 7 * 5 + 5 * 3 + 3 * (7 + 5 + 3));
  CHECK(gradcheck([&](Tape<double>&, const std::vector<Var<double>>& v) { return mlp(v[0]); }, {x}, {}, {.floor = 1e-3})
            .worst < 1e-6);
}

TEST_CASE("Mlp: dropout acts in training alone") {
  Rng rng(1);
  const std::vector<Index> widths{32};
  const Mlp<float> mlp(4, widths, 0.5f, rng);
  const Matrix<float> x = made_matrix<float>(2, 4, 1);
  Tape<float> tape(Mode::train, Rng(1));
  const Matrix<float> train = mlp(tape.constant(window(x))).value();
  tape.reset(Mode::evaluate, Rng(1));
  const Matrix<float> one = mlp(tape.constant(window(x))).value(), two = mlp(tape.constant(window(x))).value();
  CHECK(one == two);
  CHECK(train != one);
  CHECK((train.array() == 0).count() > 10);
}

TEST_CASE("Attention: keeps the shape of its tokens, gradients agree") {
  Rng rng(1);
  const Attention<double> attention(6, 2, rng);
  CHECK(parameter_count(attention) == 6 * 18 + 18 + 36 + 6);
  const auto result = gradcheck([&](Tape<double>&, const std::vector<Var<double>>& v) { return attention(v[0]); },
                                {made_matrix(6, 6, 1)}, {Shape(2, 3, 6)}, {.floor = 1e-3});
  CHECK(result.worst < 1e-6);
}

TEST_CASE("SparseLinear: a gene without counts has no weight in the result") {
  Rng rng(1);
  SparseLinear<float> first(3, 4, rng);
  const Counts counts(3, {0, 2}, {0, 2}, {3, 1});
  const std::vector<float> factor{2};
  Tape<float> tape;
  const Matrix<float> before = first(tape, counts, factor).value();
  first.weight.value.row(1).setConstant(100);
  tape.reset();
  CHECK(first(tape, counts, factor).value() == before);
  const Matrix<float> expected =
      std::log1p(1.5f) * first.weight.value.row(0) + std::log1p(0.5f) * first.weight.value.row(2);
  CHECK((before - expected).cwiseAbs().maxCoeff() < 1e-6f);
}

TEST_CASE("TimeEmbedding: tells near times apart, and is a function of the time alone") {
  Rng rng(1);
  const TimeEmbedding<float> embed(16, rng);
  const std::vector<float> t{0, 0.001f, 0.5f, 0.501f, 1, 0.5f};
  Tape<float> tape;
  const Matrix<float> y = embed(tape, t).value();
  CHECK(y.allFinite());
  CHECK((y.row(2) - y.row(5)).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK((y.row(0) - y.row(1)).cwiseAbs().maxCoeff() > 1e-3f);
  CHECK((y.row(2) - y.row(3)).cwiseAbs().maxCoeff() > 1e-3f);
}
