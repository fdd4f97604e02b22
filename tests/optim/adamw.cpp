#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/optim/adamw.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

namespace {

struct Two {
  Param<double> a{2, 3}, b{2, 3};
  static void visit(auto& self, auto&& f) {
    f("a", self.a);
    f("b", self.b);
  }
};

// Puts the gradient g at every Param given.
void give(Tape<double>& tape, const Matrix<double>& g, std::initializer_list<const Param<double>*> params) {
  tape.reset();
  for (const Param<double>* p : params) tape.backward(scale(tape.watch(*p), 1.0), window(g));
}

}  // namespace

TEST_CASE("AdamW: twelve steps agree with NumPy") {
  const Reference reference("op");  // tests/reference/op.py
  const Matrix<double>& gradients = reference.matrix("adamw.gradients");
  const Matrix<double>& steps = reference.matrix("adamw.steps");
  Two model;
  model.a.value = reference.matrix("adamw.start");
  AdamW<double> adamw({.beta1 = 0.875f, .beta2 = 0.96875f, .epsilon = 0x1p-20f, .weight_decay = 0.125f});
  Tape<double> tape;
  for (Index t = 0; t < 12; ++t) {
    const Matrix<double> g = gradients.middleRows(2 * t, 2) / 4.0;
    give(tape, g, {&model.a});
    adamw.step(model, tape, 0.0625, 4.0);  // the scale that clipping asks for multiplies the gradient
    CHECK((model.a.value - steps.middleRows(2 * t, 2)).cwiseAbs().maxCoeff() < 1e-13);
  }
  CHECK(model.b.value.cwiseAbs().maxCoeff() == 0);  // took no part
  CHECK(adamw.steps == 12);
}

TEST_CASE("AdamW: decay is decoupled and scaled per Param") {
  Two model;
  model.a.value.setConstant(2);
  model.b.value.setConstant(2);
  model.b.weight_decay = 0;
  AdamW<double> adamw({.weight_decay = 0.5f});
  Tape<double> tape;
  give(tape, Matrix<double>::Zero(2, 3), {&model.a, &model.b});
  adamw.step(model, tape, 0.1);
  CHECK(model.a.value(0, 0) == Approx(2 * (1 - 0.05)));
  CHECK(model.b.value(0, 0) == 2);
}

TEST_CASE("AdamW: the first step is the rate, times the Param's own") {
  Two model;
  model.b.learning_rate = 3;
  AdamW<double> adamw({.weight_decay = 0});
  Tape<double> tape;
  give(tape, Matrix<double>::Constant(2, 3, -7), {&model.a, &model.b});
  adamw.step(model, tape, 0.01);
  CHECK(model.a.value(1, 2) == Approx(0.01).epsilon(1e-6));
  CHECK(model.b.value(1, 2) == Approx(0.03).epsilon(1e-6));
}

TEST_CASE("AdamW: a frozen Param stays, decay included") {
  Two model;
  model.a.value.setConstant(2);
  model.a.frozen = true;
  AdamW<double> adamw;
  Tape<double> tape;
  tape.reset();
  tape.backward(mean(mul(tape.watch(model.a), tape.watch(model.b))));
  adamw.step(model, tape, 0.1);
  CHECK(model.a.value == Matrix<double>::Constant(2, 3, 2));
  CHECK(model.b.value(0, 0) != 0);
}

TEST_CASE("AdamW: another model is refused") {
  Two model;
  AdamW<double> adamw;
  Tape<double> tape;
  adamw.step(model, tape, 0.1);
  model.b = Param<double>(4, 4);
  REQUIRE_THROWS_WITH(adamw.step(model, tape, 0.1), ContainsText("not the one that the moments belong to"));
}
