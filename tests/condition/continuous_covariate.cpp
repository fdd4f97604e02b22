#include <latentcell/op/mse.hpp>
#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/condition/continuous_covariate.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("ContinuousCovariate: equal numbers give equal vectors, unknown its own, and the scale only divides") {
  Rng rng(2);
  const ContinuousCovariate<float> plain({.columns = 2, .width = 6}, rng);
  const ContinuousCovariate<float> waves({.columns = 2, .width = 6, .frequencies = 4, .scale = 10}, rng);
  Matrix<float> cells(4, 2);
  cells << 0.3f, 1, 0.3f, 1, 0.3f, unknown, 0.31f, 1;
  for (const ContinuousCovariate<float>* encoder : {&plain, &waves}) {
    Tape<float> tape;
    const Var<float> y = (*encoder)(tape, window(cells));
    CHECK(y.value().allFinite());
    CHECK(y.value().row(0) == y.value().row(1));
    CHECK(y.value().row(2) == encoder->null_embedding.value.row(0));
    CHECK(y.value().row(3) != y.value().row(0));
  }
  ContinuousCovariate<float> unscaled = waves;
  unscaled.options.scale = 1;
  const Matrix<float> divided = cells / 10.0f;
  Tape<float> tape;
  CHECK((waves(tape, window(cells)).value() - unscaled(tape, window(divided)).value()).cwiseAbs().maxCoeff() < 1e-5f);
}

TEST_CASE("ContinuousCovariate: gradients of all weights, unknown cells included") {
  Rng rng(3);
  const ContinuousCovariate<double> encoder({.columns = 1, .width = 3, .frequencies = 2}, rng);
  Matrix<float> cells(3, 1);
  cells << 0.2f, unknown, -0.7f;
  const Matrix<double> target = Matrix<double>::Constant(3, 3, 0.5);
  Tape<double> tape;
  const auto loss = [&](const ContinuousCovariate<double>& e) {
    tape.reset();
    return mse(e(tape, window(cells)), ConstView<double>(target.data(), 3, 3));
  };
  tape.backward(loss(encoder));
  const double by_tape = tape.grad(encoder.null_embedding)[1];
  const double weight = tape.grad(encoder.first.weight)[2];
  ContinuousCovariate<double> moved = encoder;
  const double h = 1e-6;
  moved.null_embedding.value(0, 1) += h;
  const double up = loss(moved).item();
  moved.null_embedding.value(0, 1) -= 2 * h;
  CHECK((up - loss(moved).item()) / (2 * h) == Approx(by_tape).epsilon(1e-6));
  moved = encoder;
  moved.first.weight.value.data()[2] += h;
  const double high = loss(moved).item();
  moved.first.weight.value.data()[2] -= 2 * h;
  CHECK((high - loss(moved).item()) / (2 * h) == Approx(weight).epsilon(1e-6));
}

TEST_CASE("ContinuousCovariate: what does not fit is named") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(ContinuousCovariate<float>({.columns = 0}, rng),
                      ContainsText("ContinuousCovariate: columns must be at least 1, got 0"));
  const ContinuousCovariate<float> encoder({.columns = 2, .width = 4}, rng);
  const Matrix<float> cells = Matrix<float>::Ones(3, 1);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(encoder(tape, window(cells)), ContainsText("cells have 1 numbers but the encoder reads 2"));
}
