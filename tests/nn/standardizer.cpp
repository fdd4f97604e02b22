#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/nn/standardizer.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("Standardizer: columns have mean zero and deviation one, and come back") {
  Matrix<double> x = Matrix<double>::Random(50, 3);
  x.col(1) *= 7;
  x.col(2).setConstant(4);
  Standardizer<double> s(3);
  s.fit(x);
  const Matrix<double> y = s.apply(x);
  for (Index j = 0; j < 2; ++j) {
    CHECK(y.col(j).mean() == Approx(0).margin(1e-12));
    CHECK(y.col(j).squaredNorm() / 50 == Approx(1));
  }
  CHECK(s.scale.value(0, 2) == Approx(Standardizer<double>::smallest_scale));
  CHECK((s.invert(y) - x).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(s.log_volume() == Approx(s.scale.value.array().log().sum()));
}

TEST_CASE("Standardizer: deviations of the values add to the variance") {
  const Matrix<float> x = Matrix<float>::Zero(10, 1), deviation = Matrix<float>::Constant(10, 1, 2.0f);
  Standardizer<float> s(1);
  s.fit(x, deviation);
  CHECK(s.scale.value(0, 0) == Approx(2));
  REQUIRE_THROWS_WITH(s.fit(x, Matrix<float>(Matrix<float>::Zero(9, 1))),
                      ContainsText("deviations (9, 1) of values (10, 1)"));
  REQUIRE_THROWS_WITH(s.apply(Matrix<float>(Matrix<float>::Zero(1, 2))), ContainsText("2 columns but it has 1"));
}

TEST_CASE("Standardizer: gradients reach the values, and a constant is standardised alike") {
  Standardizer<double> s(2);
  s.mean.value << 1, -2;
  s.scale.value << 0.5, 3;
  CHECK(gradcheck([&](auto&, const auto& in) { return s.apply(in[0]); }, {Matrix<double>::Random(4, 2)}).worst < 1e-7);
  Tape<double> tape;
  const Matrix<double> x = Matrix<double>::Random(4, 2);
  const Matrix<double> a = s.apply(tape.constant(view(x))).value(), b = s.apply(tape.input(view(x))).value();
  CHECK((a - b).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((a - s.apply(x)).cwiseAbs().maxCoeff() == 0);
}
