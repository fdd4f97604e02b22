#include <latentcell/op/mse.hpp>
#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/latent_unet.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/optim/adamw.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/param_gradcheck.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

namespace {

constexpr Injection injections[] = {Injection::adaln, Injection::film, Injection::concatenation,
                                    Injection::cross_attention};

// Calls f(name, model) for a small model of each kind and each way the condition enters: latent 6, condition 4.
template <class T, class F>
void each_backbone(const F& f) {
  for (Injection how : injections) {
    Rng rng(1);
    DitOptions dit{.latent = 6, .tokens = 3, .width = 8, .depth = 2, .heads = 2, .mlp_ratio = 2, .condition = 4};
    dit.injection = how;
    f(text("Dit, injection ", int(how)), Dit<T>(dit, rng));
    if (how == Injection::concatenation || how == Injection::cross_attention) {
      dit.condition_tokens = 2;
      f(text("Dit of two condition tokens, injection ", int(how)), Dit<T>(dit, rng));
    }
    if (how == Injection::cross_attention) continue;
    f(text("ResidualMlp, injection ", int(how)),
      ResidualMlp<T>({.latent = 6, .width = 8, .depth = 2, .condition = 4, .injection = how}, rng));
    f(text("LatentUnet, injection ", int(how)),
      LatentUnet<T>({.latent = 6, .widths = {8, 6, 4}, .condition = 4, .injection = how}, rng));
  }
}

template <class Model>
void disturb(Model& model, double spread) {
  Rng rng(12);
  each_param(model, [&](auto& p) {
    using T = typename std::remove_cvref_t<decltype(p.value)>::Scalar;
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += T(spread * rng.normal());
  });
}

}  // namespace

TEST_CASE("backbones: predict zero at the start, whatever they are given") {
  const Matrix<float> z = made_matrix<float>(4, 6, 1), c = made_matrix<float>(4, 4, 2);
  const std::vector<float> t{0, 0.3f, 0.7f, 1};
  each_backbone<float>([&](const std::string& name, const auto& model) {
    INFO(name);
    Tape<float> tape;
    const Var<float> v = model(tape, tape.constant(window(z)), t, tape.constant(window(c)));
    CHECK(v.shape() == Shape(4, 6));
    CHECK(v.value().cwiseAbs().maxCoeff() == 0);
  });
}

TEST_CASE("backbones: depend on latent, time and condition of a cell, and on no other cell, after a few steps") {
  const Matrix<float> z = made_matrix<float>(4, 6, 1), c = made_matrix<float>(4, 4, 2),
                      target = made_matrix<float>(4, 6, 3);
  const std::vector<float> t{0.1f, 0.3f, 0.7f, 0.9f}, other{0.9f, 0.3f, 0.7f, 0.9f};
  each_backbone<float>([&](const std::string& name, auto model) {
    INFO(name);
    AdamW<float> optimizer;
    Tape<float> tape;
    const auto value = [&](const Matrix<float>& at, const std::vector<float>& time, const Matrix<float>& given) {
      tape.reset(Mode::no_gradient, Rng(1));
      return Matrix<float>(model(tape, tape.constant(window(at)), time, tape.constant(window(given))).value());
    };
    std::vector<float> loss;
    for (int step = 0; step < 4; ++step) {
      tape.reset(Mode::train, Rng(1));
      const Var<float> l = mse(model(tape, tape.constant(window(z)), t, tape.constant(window(c))), window(target));
      tape.backward(l);
      loss.push_back(l.item());
      optimizer.step(model, tape, 1e-2f);
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
      CHECK(rest < 1e-6f);
    }
  });
}

TEST_CASE("backbones: gradients of inputs and of every Param agree with central differences") {
  each_backbone<double>([&](const std::string& kind, auto model) {
    disturb(model, 0.2);
    const std::vector<double> t{0.2, 0.8};
    const std::vector<Matrix<double>> inputs{made_matrix(2, 6, 1), made_matrix(2, 4, 2)};
    const auto run = [&](Tape<double>& tape, const std::vector<Var<double>>& x) { return model(tape, x[0], t, x[1]); };
    const GradcheckResult result = gradcheck(run, inputs, {}, {.floor = 1e-3});
    INFO(kind << ": " << result.where);
    CHECK(result.worst < 1e-6);

    // By a few elements of every Param.
    const Matrix<double> target = made_matrix(2, 6, 3);
    Tape<double> tape;
    const auto loss = [&] {
      tape.reset(Mode::train, Rng(1));
      return mse(model(tape, tape.constant(window(inputs[0])), t, tape.constant(window(inputs[1]))), window(target));
    };
    support::check_param_gradients(tape, model, loss, 1e-6);
  });
}

TEST_CASE("backbones: an MLP that should attend is refused with the alternative") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(ResidualMlp<float>({.injection = Injection::cross_attention}, rng),
                      ContainsText("choose adaln, film or concatenation, or a Dit"));
  REQUIRE_THROWS_WITH(LatentUnet<float>({.widths = {}}, rng), ContainsText("LatentUnet: widths must have at least 1 element, got 0"));
}
