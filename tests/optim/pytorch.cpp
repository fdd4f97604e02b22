// Numbers of torch.optim: tests/reference/pytorch.py.
#include <latentcell/op/elementwise.hpp>
#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/clip.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

namespace {

template <class T>
struct One {
  Param<T> a{2, 3};
  static void visit(auto& self, auto&& f) { f("a", self.a); }
};

// Puts the gradient g at the Param.
template <class T>
void give(Tape<T>& tape, const Matrix<T>& g, const Param<T>& p) {
  tape.reset();
  tape.backward(scale(tape.watch(p), T(1)), window(g));
}

}  // namespace

TEST_CASE("AdamW: twelve steps after clipping agree with PyTorch") {
  const Reference reference("pytorch");
  const Matrix<double>&gradients = reference.matrix("adamw.gradients"), &norms = reference.matrix("adamw.norms"),
        &steps = reference.matrix("adamw.steps");
  One<double> model;
  model.a.value = reference.matrix("adamw.start");
  AdamW<double> adamw({.beta1 = 0.875f, .beta2 = 0.96875f, .epsilon = 0x1p-20f, .weight_decay = 0.125f});
  Tape<double> tape;
  for (Index t = 0; t < 12; ++t) {
    give<double>(tape, gradients.middleRows(2 * t, 2), model.a);
    const double norm = gradient_norm(model, tape);
    CHECK(std::abs(norm - norms(t, 0)) < 1e-11);
    adamw.step(model, tape, 0.0625, clip_factor(norm, 4.0));
    // PyTorch divides by the norm plus 1e-6 when it clips.
    CHECK(farthest(model.a.value, steps.middleRows(2 * t, 2)) < 1e-7);
  }
}

TEST_CASE("AdamW: twelve steps in float with the usual settings agree with PyTorch") {
  const Reference reference("pytorch");
  const Matrix<float> gradients = reference.floats("adamw.gradients");
  One<float> model;
  model.a.value = reference.floats("adamw.start");
  AdamW<float> adamw;
  Tape<float> tape;
  for (Index t = 0; t < 12; ++t) {
    give<float>(tape, gradients.middleRows(2 * t, 2), model.a);
    adamw.step(model, tape, 1e-3f);
    CHECK(farthest(model.a.value, reference.matrix("adamw.usual_steps").middleRows(2 * t, 2)) < 1e-6);
  }
}
