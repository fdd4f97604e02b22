#include <functional>

#include <latentcell/sample/guidance.hpp>
#include <latentcell/sample/integrate.hpp>

#include "sample/fields.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using sample_tests::start;

namespace {

// A velocity that is the same everywhere, and counts.
struct Constant {
  float value;
  int calls = 0;
  void operator()(float, ConstView<float>, View<float> dz) {
    ++calls;
    dz.setConstant(value);
  }
};

float guided_value(const GuidanceOptions& options, float t, Constant& with, Constant& without) {
  Matrix<float> z = start<float>(), dz(5, 3);
  auto field = guided(std::ref(with), std::ref(without), options);
  field(t, view(z), view(dz));
  CHECK(dz.minCoeff() == dz.maxCoeff());
  return dz(0, 0);
}

}  // namespace

TEST_CASE("guided: v_u + w (v_c - v_u)") {
  for (double w : {-1.0, 0.5, 2.0, 7.5}) {
    Constant with{3}, without{1};
    CHECK(double(guided_value({.weight = w}, 0.5f, with, without)) == Approx(1 + w * 2));
    CHECK(with.calls == 1);
    CHECK(without.calls == 1);
  }
}

TEST_CASE("guided: weight 1 is the conditional field and asks no other") {
  Constant with{3}, without{1};
  CHECK(guided_value({.weight = 1}, 0.5f, with, without) == 3);
  CHECK(guided_value({}, 0.5f, with, without) == 3);
  CHECK(with.calls == 2);
  CHECK(without.calls == 0);
}

TEST_CASE("guided: weight 0 is the unconditional field and asks no other") {
  Constant with{3}, without{1};
  CHECK(guided_value({.weight = 0}, 0.5f, with, without) == 1);
  CHECK(with.calls == 0);
}

TEST_CASE("guided: outside the interval only the conditional field is asked; the ends belong to it") {
  Constant with{3}, without{1};
  const GuidanceOptions options{.weight = 2, .from = 0.25, .to = 0.75};
  CHECK(guided_value(options, 0.2f, with, without) == 3);
  CHECK(guided_value(options, 0.8f, with, without) == 3);
  CHECK(without.calls == 0);
  CHECK(guided_value(options, 0.25f, with, without) == 5);
  CHECK(guided_value(options, 0.75f, with, without) == 5);
  CHECK(without.calls == 2);
}

TEST_CASE("guided: the same field twice is that field, whatever the weight") {
  const auto field = [](double t, ConstView<double> z, View<double> dz) { dz.array() = t * z.array(); };
  Matrix<double> plain = start<double>(), strong = start<double>();
  integrate(field, view(plain), {.steps = 10});
  integrate(guided<double>(field, field, {.weight = 5}), view(strong), {.steps = 10});
  CHECK((plain - strong).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("guided: integrating acts on the share of time inside the interval") {
  // Velocities 3 and 1: guided with weight 4 it is 9 for half of the time, else 3.
  Matrix<float> z = Matrix<float>::Zero(4, 2);
  Constant with{3}, without{1};
  integrate(guided(with, without, {.weight = 4, .from = 0.25, .to = 0.749}), view(z),
            {.method = Method::euler, .steps = 100});
  CHECK(double(z(3, 1)) == Approx(0.5 * 9 + 0.5 * 3).epsilon(1e-4));
}

TEST_CASE("guided: a batch of another size later on") {
  Constant with{3}, without{1};
  auto field = guided(with, without, {.weight = 2});
  for (Index rows : {5, 2, 9}) {
    Matrix<float> z = Matrix<float>::Zero(rows, 3), dz(rows, 3);
    field(0.5f, view(z), view(dz));
    CHECK(dz.minCoeff() == 5);
    CHECK(dz.maxCoeff() == 5);
  }
}

TEST_CASE("guided: bad options are named") {
  const Constant v{1};
  REQUIRE_THROWS_WITH(guided(v, v, {.weight = NAN}), ContainsText("weight must be a finite number, got nan"));
  REQUIRE_THROWS_WITH(guided(v, v, {.from = 0.6, .to = 0.4}), ContainsText("from 0.6 to 0.4, which is no interval"));
}
