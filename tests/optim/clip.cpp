#include <latentcell/op/elementwise.hpp>
#include <latentcell/optim/clip.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

namespace {

struct Pair {
  Param<float> a{1, 2}, b{1, 1}, idle{3, 3};
  static void visit(auto& self, auto&& f) {
    f("a", self.a);
    f("b", self.b);
    f("idle", self.idle);
  }
};

void give(Tape<float>& tape, const Pair& model, const Matrix<float>& a, const Matrix<float>& b) {
  tape.reset();
  tape.backward(scale(tape.watch(model.a), 1.0f), window(a));
  tape.backward(scale(tape.watch(model.b), 1.0f), window(b));
}

}  // namespace

TEST_CASE("clip: the norm is over all Params, the factor brings it to the limit") {
  Pair model;
  Tape<float> tape;
  Matrix<float> a(1, 2), b(1, 1);
  a << 2, 3;
  b << 6;
  give(tape, model, a, b);
  CHECK(gradient_norm(model, tape) == Approx(7));
  CHECK(clip_factor(7, 3.5) == 0.5);
  CHECK(clip_factor(7, 7) == 1);
  CHECK(clip_factor(0, 1) == 1);
}

TEST_CASE("clip: gradients too large for a float's square still have a norm") {
  Pair model;
  Tape<float> tape;
  Matrix<float> a(1, 2), b(1, 1);
  a << 3e25f, 0;
  b << 4e25f;
  give(tape, model, a, b);
  CHECK(gradient_norm(model, tape) == Approx(5e25));
}

TEST_CASE("clip: the first gradient that is not finite is named") {
  Pair model;
  Tape<float> tape;
  Matrix<float> a(1, 2), b(1, 1);
  a << 2, 3;
  b << std::numeric_limits<float>::infinity();
  give(tape, model, a, b);
  CHECK(first_not_finite(model, tape) == "b");
  b << 1;
  give(tape, model, a, b);
  CHECK(first_not_finite(model, tape).empty());
}
