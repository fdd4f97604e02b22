#include <latentcell/autodiff/visit.hpp>
#include <latentcell/nn/linear.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

TEST_CASE("Linear: starts within Glorot's bound, with a bias of zero that does not decay") {
  Rng rng(1);
  const Linear<float> linear(30, 50, rng);
  const float bound = std::sqrt(6.0f / 80);
  CHECK(linear.weight.value.cwiseAbs().maxCoeff() <= bound);
  CHECK(linear.weight.value.cwiseAbs().maxCoeff() > 0.95f * bound);
  CHECK(linear.weight.value.mean() == Approx(0).margin(0.02));
  CHECK(linear.bias.value.cwiseAbs().maxCoeff() == 0);
  CHECK(linear.bias.weight_decay == 0);
  CHECK(parameter_count(linear) == 30 * 50 + 50);
}

TEST_CASE("Linear: zero() gives zeros for anything, and still learns") {
  const Linear<float> linear = Linear<float>::zero(4, 3);
  const Matrix<float> x = made_matrix<float>(2, 4, 1), seed = made_matrix<float>(2, 3, 2);
  Tape<float> tape;
  const Var<float> y = linear(tape.constant(window(x)));
  CHECK(y.value().cwiseAbs().maxCoeff() == 0);
  tape.backward(y, window(seed));
  CHECK(ConstView<float>(tape.grad(linear.weight), 3, 4).cwiseAbs().maxCoeff() > 0);
}

TEST_CASE("Linear: the same seed gives the same weights") {
  Rng a(1), b(1), c(2);
  const Linear<float> x(3, 3, a), y(3, 3, b), z(3, 3, c);
  CHECK(x.weight.value == y.weight.value);
  CHECK(x.weight.value != z.weight.value);
}
