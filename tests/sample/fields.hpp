#pragma once

#include <cmath>

#include <latentcell/core/types.hpp>
#include <latentcell/core/threads.hpp>

namespace sample_tests {

using latentcell::ConstView;
using latentcell::Index;
using latentcell::Matrix;
using latentcell::View;

/// dz/dt = 1 - z^2 from z(0) = z0: z(t) = tanh(t + artanh(z0)).
struct Tanh {
  Index calls = 0;
  template <class T>
  void operator()(T, ConstView<T> z, View<T> dz) {
    ++calls;
    for (Index i = 0; i < z.size(); ++i) dz.data()[i] = 1 - z.data()[i] * z.data()[i];
  }
  static double at(double t, double z0) { return std::tanh(t + std::atanh(z0)); }
};

/// dz/dt = 3 z cos(4 t): z(t) = z0 exp(3/4 sin(4 t)). Depends on time as well as on z.
struct Wave {
  Index calls = 0;
  template <class T>
  void operator()(T t, ConstView<T> z, View<T> dz) {
    ++calls;
    const T rate = 3 * std::cos(4 * t);
    for (Index i = 0; i < z.size(); ++i) dz.data()[i] = rate * z.data()[i];
  }
  static double at(double t, double z0) { return z0 * std::exp(0.75 * std::sin(4 * t)); }
};

/// A batch of starting points.   (5, 3), between -0.8 and 0.8
template <class T>
Matrix<T> start() {
  Matrix<T> z(5, 3);
  for (Index i = 0; i < z.size(); ++i) z.data()[i] = T(0.8) * std::sin(T(i + 1));
  return z;
}

template <class Field>
double largest_error(const Matrix<double>& z, double t) {
  const Matrix<double> z0 = start<double>();
  double worst = 0;
  for (Index i = 0; i < z.size(); ++i) worst = std::max(worst, std::abs(z.data()[i] - Field::at(t, z0.data()[i])));
  return worst;
}

}  // namespace sample_tests
