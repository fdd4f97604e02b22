#pragma once

#include <vector>

#include <latentcell/core/types.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/sample/velocity_field.hpp>

// One step of each fixed-step method, from t to next, in place. A method of order p has an error that falls with the
// p-th power of the step. The velocity is asked at `next` itself, not at a sum that rounding moves past it.

namespace LATENTCELL_NAMESPACE {

/// Memory that the steps share; sized by the first one and reused by the others.
template <class T>
class StepMemory {
 public:
  /// Array i of the shape of z, contents unspecified.
  View<T> at(std::size_t i, const View<T>& z) {
    if (arrays_.size() <= i) arrays_.resize(i + 1);
    if (arrays_[i].size() != to_size(z.size())) arrays_[i].resize(to_size(z.size()));
    return View<T>(arrays_[i].data(), z.rows(), z.cols());
  }

 private:
  std::vector<std::vector<T>> arrays_;
};

namespace detail {

// out = z + h * k
template <class T>
void ahead(const View<T>& z, T h, const View<T>& k, View<T> out) {
  const T *from = z.data(), *slope = k.data();
  T* to = out.data();
  kernel::each_element(
      z.size(), [=](Index i) __attribute__((always_inline)) { to[i] = from[i] + h * slope[i]; });
}

}  // namespace detail

/// Euler's rule: order 1, one evaluation.   z (B, D)
template <class T, VelocityField<T> V>
void euler_step(V&& velocity, T t, T next, View<T> z, StepMemory<T>& memory) {
  View<T> k = memory.at(0, z);
  velocity(t, as_const(z), k);
  kernel::add_scaled(z.size(), next - t, k.data(), z.data());
}

/// The midpoint rule: order 2, two evaluations.   z (B, D)
template <class T, VelocityField<T> V>
void midpoint_step(V&& velocity, T t, T next, View<T> z, StepMemory<T>& memory) {
  const T h = next - t;
  View<T> k = memory.at(0, z), middle = memory.at(1, z);
  velocity(t, as_const(z), k);
  detail::ahead(z, h / 2, k, middle);
  velocity(t + h / 2, as_const(middle), k);
  kernel::add_scaled(z.size(), h, k.data(), z.data());
}

/// Heun's rule: order 2, two evaluations, the second at the end of the step.   z (B, D)
template <class T, VelocityField<T> V>
void heun_step(V&& velocity, T t, T next, View<T> z, StepMemory<T>& memory) {
  const T h = next - t;
  View<T> k1 = memory.at(0, z), k2 = memory.at(1, z), end = memory.at(2, z);
  velocity(t, as_const(z), k1);
  detail::ahead(z, h, k1, end);
  velocity(next, as_const(end), k2);
  T* to = z.data();
  const T *a = k1.data(), *b = k2.data();
  kernel::each_element(
      z.size(), [=](Index i) __attribute__((always_inline)) { to[i] += h / 2 * (a[i] + b[i]); });
}

/// The classical rule of Runge and Kutta: order 4, four evaluations.   z (B, D)
template <class T, VelocityField<T> V>
void rk4_step(V&& velocity, T t, T next, View<T> z, StepMemory<T>& memory) {
  const T h = next - t;
  View<T> k = memory.at(0, z), sum = memory.at(1, z), at = memory.at(2, z);
  velocity(t, as_const(z), sum);
  detail::ahead(z, h / 2, sum, at);
  velocity(t + h / 2, as_const(at), k);
  kernel::add_scaled(z.size(), T(2), k.data(), sum.data());
  detail::ahead(z, h / 2, k, at);
  velocity(t + h / 2, as_const(at), k);
  kernel::add_scaled(z.size(), T(2), k.data(), sum.data());
  detail::ahead(z, h, k, at);
  velocity(next, as_const(at), k);
  kernel::add_scaled(z.size(), T(1), k.data(), sum.data());
  kernel::add_scaled(z.size(), h / 6, sum.data(), z.data());
}

}  // namespace latentcell
