#include <latentcell/sample/dormand_prince.hpp>

#include "sample/fields.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace sample_tests;

TEST_CASE("dormand_prince: the error follows the tolerance down") {
  double last = 1;
  for (double tolerance : {1e-3, 1e-5, 1e-7, 1e-9, 1e-11}) {
    Matrix<double> z = start<double>();
    dormand_prince(Wave{}, view(z), {.atol = tolerance, .rtol = tolerance});
    const double error = largest_error<Wave>(z, 1);
    CHECK(error < 20 * tolerance);
    CHECK(error < last);
    last = error;
  }
}

TEST_CASE("dormand_prince: a tenth of the tolerance costs about 10^(1/5) more steps") {
  const auto steps = [](double tolerance) {
    Matrix<double> z = start<double>();
    return double(dormand_prince(Wave{}, view(z), {.to = 5, .atol = tolerance, .rtol = tolerance}).steps);
  };
  CHECK(std::log10(steps(1e-11) / steps(1e-6)) / 5 == Approx(0.2).margin(0.04));
}

TEST_CASE("dormand_prince: weights are consistent and of order 5, with an error estimate of order 4") {
  // Every row of a sums to its c, and the quadrature conditions sum b c^q = 1 / (q + 1) hold up to q = 4.
  const auto& a = detail::dormand_prince_a;
  const auto& c = detail::dormand_prince_c;
  for (std::size_t s = 0; s < 6; ++s) {
    double sum = 0;
    for (double v : a[s]) sum += v;
    CHECK(sum == Approx(c[s]));
  }
  for (int q = 0; q <= 4; ++q) {
    double result = 0, difference = 0;
    for (std::size_t s = 0; s < 7; ++s) {
      const double time = s == 0 ? 0 : c[s - 1];
      const double power = q == 0 ? 1 : std::pow(time, q);
      if (s < 6) result += a[5][s] * power;
      difference += detail::dormand_prince_error[s] * power;
    }
    CHECK(result == Approx(1.0 / (q + 1)));
    if (q < 4) CHECK(difference == Approx(0).margin(1e-15));
    if (q == 4) CHECK(std::abs(difference) > 1e-4);
  }
}

TEST_CASE("dormand_prince: counts its evaluations, six a step and two to begin") {
  for (double first_step : {0.0, 0.01}) {
    Matrix<double> z = start<double>();
    Wave field;
    const IntegrateResult r = dormand_prince(field, view(z), {.first_step = first_step});
    CHECK(r.evaluations == field.calls);
    CHECK(r.evaluations == 6 * (r.steps + r.rejected) + (first_step == 0 ? 2 : 1));
  }
}

TEST_CASE("dormand_prince: a first step that is far too long is rejected, and the result is as good") {
  Matrix<double> z = start<double>();
  const IntegrateResult r = dormand_prince(Wave{}, view(z), {.to = 3, .atol = 1e-8, .rtol = 1e-8, .first_step = 3});
  CHECK(r.rejected > 0);
  CHECK(largest_error<Wave>(z, 3) < 1e-6);
}

TEST_CASE("dormand_prince: short steps where the field is sharp, long ones where it is not") {
  // dz/dt is a narrow bump at t = 0.5; its area of 1 is found although most of the way is flat.
  std::vector<double> times;
  const auto bump = [&](double t, ConstView<double>, View<double> dz) {
    times.push_back(t);
    const double x = (t - 0.5) / 0.02;
    dz.setConstant(std::exp(-x * x / 2) / (0.02 * std::sqrt(6.283185307179586)));
  };
  Matrix<double> z = Matrix<double>::Zero(1, 1);
  dormand_prince(bump, view(z), {.atol = 1e-8, .rtol = 1e-8, .first_step = 0.05});
  CHECK(z(0, 0) == Approx(1).epsilon(1e-5));
  const auto inside = std::count_if(times.begin(), times.end(), [](double t) { return std::abs(t - 0.5) < 0.1; });
  CHECK(double(inside) > 0.6 * double(times.size()));
}

TEST_CASE("dormand_prince: float reaches 1e-5") {
  Matrix<float> z = start<float>();
  dormand_prince(Tanh{}, view(z));
  CHECK(largest_error<Tanh>(z.cast<double>(), 1) < 1e-5);
}

TEST_CASE("dormand_prince: runs backwards and over nothing") {
  Matrix<double> z = start<double>();
  dormand_prince(Wave{}, view(z), {.from = 1, .to = 0, .atol = 1e-9, .rtol = 1e-9});
  const Matrix<double> z0 = start<double>();
  for (Index i = 0; i < z.size(); ++i) {
    CHECK(z.data()[i] == Approx(z0.data()[i] * std::exp(-0.75 * std::sin(4.0))).epsilon(1e-6));
  }
  Wave field;
  CHECK(dormand_prince(field, view(z), {.from = 0.3, .to = 0.3}).evaluations == 0);
  Matrix<double> empty(0, 4);
  CHECK(dormand_prince(field, view(empty)).steps == 0);
  CHECK(field.calls == 0);
}

TEST_CASE("dormand_prince: a field at rest is crossed in few steps") {
  Matrix<double> z = start<double>();
  const auto rest = [](double, ConstView<double>, View<double> dz) { dz.setZero(); };
  CHECK(dormand_prince(rest, view(z)).steps < 12);
  CHECK(z == start<double>());
}

TEST_CASE("dormand_prince: bad input and trouble on the way are named") {
  Matrix<double> z = start<double>();
  REQUIRE_THROWS_WITH(dormand_prince(Tanh{}, view(z), {.atol = 0, .rtol = 0}),
                      ContainsText("atol and rtol must not both be 0"));
  REQUIRE_THROWS_WITH(dormand_prince(Tanh{}, view(z), {.max_steps = 0}),
                      ContainsText("max_steps must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(dormand_prince(Tanh{}, view(z), {.to = NAN}),
                      ContainsText("to must be a finite number, got nan"));
  REQUIRE_THROWS_WITH(dormand_prince(Wave{}, view(z), {.to = 50, .max_steps = 5}),
                      ContainsText("5 steps led to t = ") && ContainsText("on the way from 0 to 50"));
  const auto wild = [](double t, ConstView<double>, View<double> dz) { dz.setConstant(t > 0.4 ? NAN : 1); };
  z = start<double>();
  REQUIRE_THROWS_WITH(dormand_prince(wild, view(z)), ContainsText("the step length fell to"));
  CHECK(z.allFinite());  // only steps that succeed are taken
}
