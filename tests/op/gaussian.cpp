#include <latentcell/op/gaussian.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("reparameterize: draws have the mean and the variance asked for") {
  const Matrix<double> mean = Matrix<double>::Constant(20000, 1, 1.5);
  const Matrix<double> log_variance = Matrix<double>::Constant(20000, 1, std::log(0.49));
  Tape<double> tape(Mode::train, Rng(1));
  const Matrix<double> z = reparameterize(tape.input(window(mean)), tape.input(window(log_variance))).value();
  CHECK(z.mean() == Approx(1.5).margin(0.025));
  CHECK((z.array() - z.mean()).square().mean() == Approx(0.49).margin(0.025));
}

TEST_CASE("kl_standard_normal: zero at the standard normal, closed form elsewhere") {
  Tape<double> tape;
  const Matrix<double> zero = Matrix<double>::Zero(3, 2);
  CHECK(kl_standard_normal(tape.input(window(zero)), tape.input(window(zero))).item() == 0);
  Matrix<double> m(1, 2), lv(1, 2);
  m << 1, -2;
  lv << std::log(4.0), std::log(0.25);
  const double expected = 0.5 * (1 + 4 - 1 - std::log(4.0)) + 0.5 * (4 + 0.25 - 1 - std::log(0.25));
  CHECK(kl_standard_normal(tape.input(window(m)), tape.input(window(lv))).item() == Approx(expected));
}

TEST_CASE("kl_standard_normal: a dimension below its free bits costs them and has no gradient") {
  Matrix<double> m(2, 2);
  m << 0.1, 3, -0.1, 3;
  const Matrix<double> lv = Matrix<double>::Zero(2, 2);
  Tape<double> tape;
  const Var<double> mean = tape.input(window(m)), log_variance = tape.input(window(lv));
  const Var<double> kl = kl_standard_normal(mean, log_variance, 0.5);
  CHECK(kl.item() == Approx(0.5 + 4.5));
  tape.backward(kl);
  CHECK(mean.upstream()(0, 0) == 0);
  CHECK(mean.upstream()(0, 1) == Approx(1.5));
}

TEST_CASE("gaussian ops: shapes that differ are named") {
  const Matrix<float> a = Matrix<float>::Zero(2, 3), b = Matrix<float>::Zero(2, 4);
  Tape<float> tape;
  const Var<float> x = tape.input(window(a)), y = tape.input(window(b));
  REQUIRE_THROWS_WITH(reparameterize(x, y), ContainsText("reparameterize: mean (2, 3) and log variance (2, 4) differ"));
  REQUIRE_THROWS_WITH(kl_standard_normal(x, y), ContainsText("mean (2, 3) and log variance (2, 4) differ"));
}
