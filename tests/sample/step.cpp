#include <latentcell/sample/step.hpp>

#include "sample/fields.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

// One step of 0.1 on dz/dt = t + z from z = 1, worked out by hand.
template <class Step>
double one_step(const Step& step) {
  Matrix<double> z = Matrix<double>::Constant(1, 1, 1.0);
  StepMemory<double> memory;
  const auto v = [](double t, ConstView<double> at, View<double> dz) { dz(0, 0) = t + at(0, 0); };
  step(v, view(z), memory);
  return z(0, 0);
}

}  // namespace

TEST_CASE("steps: one step on dz/dt = t + z is the hand-made number") {
  CHECK(one_step([](auto& v, auto z, auto& m) { euler_step(v, 0.0, 0.1, z, m); }) == Approx(1.1));
  CHECK(one_step([](auto& v, auto z, auto& m) { midpoint_step(v, 0.0, 0.1, z, m); }) == Approx(1.11));
  CHECK(one_step([](auto& v, auto z, auto& m) { heun_step(v, 0.0, 0.1, z, m); }) == Approx(1.11));
  CHECK(one_step([](auto& v, auto z, auto& m) { rk4_step(v, 0.0, 0.1, z, m); }) ==
        Approx(1.11034166666667).epsilon(1e-13));
}

TEST_CASE("heun_step, rk4_step: the last evaluation is at the end itself") {
  float last = 0;
  const auto v = [&](float t, ConstView<float> z, View<float> dz) {
    last = t;
    dz = z;
  };
  Matrix<float> z = Matrix<float>::Ones(2, 2);
  StepMemory<float> memory;
  // 0.3f + (1 - 0.3f) is above 1 in float.
  heun_step(v, 0.3f, 1.0f, view(z), memory);
  CHECK(last == 1.0f);
  rk4_step(v, 0.3f, 1.0f, view(z), memory);
  CHECK(last == 1.0f);
}

TEST_CASE("StepMemory: the same memory again for the same shape") {
  StepMemory<float> memory;
  Matrix<float> z(4, 3), larger(8, 3);
  const float* first = memory.at(0, view(z)).data();
  memory.at(5, view(z));
  CHECK(memory.at(0, view(z)).data() == first);
  CHECK(memory.at(0, view(larger)).rows() == 8);
}
