#include <functional>

#include <latentcell/core/tensor.hpp>
#include <latentcell/sample/integrate.hpp>

#include "sample/fields.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace sample_tests;

namespace {

struct Expected {
  Method method;
  double order;
  Index evaluations;  // of one step
};

const Expected methods[] = {{Method::euler, 1, 1}, {Method::midpoint, 2, 2}, {Method::heun, 2, 2}, {Method::rk4, 4, 4}};

template <class Field>
double error_after(Method method, Index steps) {
  Matrix<double> z = start<double>();
  integrate(Field{}, view(z), {.method = method, .steps = steps});
  return largest_error<Field>(z, 1);
}

}  // namespace

TEST_CASE("integrate: the error falls with the order of the method") {
  for (const Expected& m : methods) {
    INFO("method " << int(m.method));
    CHECK(std::log2(error_after<Tanh>(m.method, 32) / error_after<Tanh>(m.method, 64)) == Approx(m.order).margin(0.15));
    CHECK(std::log2(error_after<Wave>(m.method, 256) / error_after<Wave>(m.method, 512)) ==
          Approx(m.order).margin(0.15));
  }
}

TEST_CASE("integrate: the velocity is asked as often as it says") {
  for (const Expected& m : methods) {
    Matrix<double> z = start<double>();
    Tanh field;
    const IntegrateResult result = integrate(field, view(z), {.method = m.method, .steps = 7});
    CHECK(field.calls == 7 * m.evaluations);
    CHECK(result.evaluations == field.calls);
    CHECK(result.steps == 7);
    CHECK(result.rejected == 0);
  }
}

TEST_CASE("integrate: a constant velocity is followed exactly by one step of any method") {
  const auto field = [](float, ConstView<float>, View<float> dz) {
    dz.setConstant(0.5f);
    dz(0, 1) = -3;
  };
  for (Method method : {Method::euler, Method::midpoint, Method::heun, Method::rk4, Method::dormand_prince}) {
    Matrix<float> z = Matrix<float>::Constant(2, 2, 1.0f);
    integrate(field, view(z), {.method = method, .steps = 1});
    CHECK(z(0, 0) == Approx(1.5));
    CHECK(z(0, 1) == Approx(-2));
  }
}

TEST_CASE("integrate: a velocity linear in time is exact from order 2 on") {
  const auto field = [](double t, ConstView<double>, View<double> dz) { dz.setConstant(2 * t); };
  for (Method method : {Method::midpoint, Method::heun, Method::rk4, Method::dormand_prince}) {
    Matrix<double> z = Matrix<double>::Zero(1, 3);
    integrate(field, view(z), {.method = method, .steps = 3});
    CHECK(z(0, 2) == Approx(1).epsilon(1e-12));
  }
}

TEST_CASE("integrate: back again is where it began") {
  for (Method method : {Method::euler, Method::midpoint, Method::heun, Method::rk4, Method::dormand_prince}) {
    for (double shift : {1.0, 3.0}) {
      Matrix<double> z = start<double>();
      IntegrateOptions options{.method = method, .steps = 2000, .shift = shift, .atol = 1e-9, .rtol = 1e-9};
      integrate(Tanh{}, view(z), options);
      std::swap(options.from, options.to);
      integrate(Tanh{}, view(z), options);
      CHECK((z - start<double>()).cwiseAbs().maxCoeff() < (method == Method::euler ? 5e-3 : 1e-6));
    }
  }
}

TEST_CASE("integrate: dormand_prince reaches its tolerance by way of integrate") {
  Matrix<double> z = start<double>();
  Wave field;
  const IntegrateResult result =
      integrate(field, view(z), {.method = Method::dormand_prince, .atol = 1e-8, .rtol = 1e-8});
  CHECK(largest_error<Wave>(z, 1) < 1e-6);
  CHECK(result.evaluations == field.calls);
}

TEST_CASE("integrate: part of the way, then the rest") {
  for (double shift : {1.0, 2.5}) {
    Matrix<double> whole = start<double>(), parts = start<double>();
    integrate(Wave{}, view(whole), {.method = Method::rk4, .steps = 200, .shift = shift});
    integrate(Wave{}, view(parts), {.method = Method::rk4, .steps = 100, .to = 0.4, .shift = shift});
    integrate(Wave{}, view(parts), {.method = Method::rk4, .steps = 100, .from = 0.4, .shift = shift});
    CHECK((whole - parts).cwiseAbs().maxCoeff() < 1e-7);
  }
}

TEST_CASE("time_grid: ends are exact, times ascend, a shift shortens the steps near noise") {
  const std::vector<double> even = time_grid(4);
  CHECK(even == std::vector<double>{0, 0.25, 0.5, 0.75, 1});
  const std::vector<double> bent = time_grid(10, 0, 1, 3);
  CHECK(bent.front() == 0);
  CHECK(bent.back() == 1);
  CHECK(bent[5] == Approx(0.25));  // 0.5 / (3 - 2 * 0.5)
  for (std::size_t i = 2; i < bent.size(); ++i) CHECK(bent[i] - bent[i - 1] > bent[i - 1] - bent[i - 2]);
  const std::vector<double> back = time_grid(10, 1, 0, 3);
  for (std::size_t i = 0; i < bent.size(); ++i) CHECK(back[i] == Approx(bent[10 - i]).margin(1e-14));
  CHECK(time_grid(2, -1, 3) == std::vector<double>{-1, 1, 3});
}

TEST_CASE("integrate: the time is given to the velocity, up to the last") {
  std::vector<double> seen;
  const auto field = [&](double t, ConstView<double>, View<double> dz) {
    seen.push_back(t);
    dz.setZero();
  };
  Matrix<double> z = start<double>();
  integrate(field, view(z), {.method = Method::heun, .steps = 2});
  CHECK(seen == std::vector<double>{0, 0.5, 0.5, 1});
}

TEST_CASE("integrate: works in place on a user's own tensor") {
  Tensor<float, 3> tokens(2, 3, 4);
  tokens.setConstant(0.25f);
  tokens(1, 2, 3) = 0.5f;
  integrate(Tanh{}, view(tokens), {.method = Method::rk4, .steps = 20});
  CHECK(double(tokens(0, 0, 0)) == Approx(Tanh::at(1, 0.25)).epsilon(1e-5));
  CHECK(double(tokens(1, 2, 3)) == Approx(Tanh::at(1, 0.5)).epsilon(1e-5));
}

TEST_CASE("integrate: more steps allocate no more memory") {
  const auto allocations = [](Method method, Index steps) {
    Matrix<float> z = start<float>();
    const long before = support::allocations;
    integrate(Tanh{}, view(z), {.method = method, .steps = steps, .atol = 1e-6, .rtol = 1e-6});
    return support::allocations - before;
  };
  for (const Expected& m : methods) {
    // The grid is one vector that grows by doubling.
    CHECK(allocations(m.method, 256) - allocations(m.method, 16) <= 4);
  }
  CHECK(allocations(Method::dormand_prince, 1) <= 16);
}

TEST_CASE("integrate: 1 and 4 threads give the same numbers") {
  const int before = threads();
  const auto run = [](Method method, int n) {
    set_threads(n);
    Matrix<float> z(300, 200);
    for (Index i = 0; i < z.size(); ++i) z.data()[i] = 0.9f * std::sin(float(i));
    integrate(Wave{}, view(z), {.method = method, .steps = 5});
    return z;
  };
  for (Method method : {Method::euler, Method::midpoint, Method::heun, Method::rk4, Method::dormand_prince}) {
    CHECK(run(method, 1) == run(method, 4));
  }
  set_threads(before);
}

TEST_CASE("integrate: bad input and trouble on the way are named") {
  Matrix<double> z = start<double>();
  REQUIRE_THROWS_WITH(integrate(Tanh{}, view(z), {.steps = 0}),
                      ContainsText("integrate: steps must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(integrate(Tanh{}, view(z), {.shift = 0}),
                      ContainsText("integrate: shift must be above 0, got 0"));
  REQUIRE_THROWS_WITH(integrate(Tanh{}, view(z), {.to = 2, .shift = 2}),
                      ContainsText("needs times in [0, 1], got 0 and 2"));
  REQUIRE_THROWS_WITH(integrate(Tanh{}, view(z), {.to = INFINITY}),
                      ContainsText("to must be a finite number, got inf"));
  const auto wild = [](double t, ConstView<double>, View<double> dz) { dz.setConstant(t > 0.4 ? NAN : 1); };
  REQUIRE_THROWS_WITH(integrate(wild, view(z), {.method = Method::euler, .steps = 10}),
                      ContainsText("no longer finite at t = 0.6, after 6 of 10 steps"));
  REQUIRE_THROWS_AS(integrate(wild, view(z), {.steps = 10}), std::invalid_argument);  // z is not finite now
}
