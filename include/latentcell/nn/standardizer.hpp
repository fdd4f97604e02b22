#pragma once

#include <algorithm>
#include <cmath>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/op/affine.hpp>

namespace LATENTCELL_NAMESPACE {

/// Standardises the columns of a matrix: (x - mean) / scale. Saved with the model that uses it.
template <class T>
struct Standardizer {
  static constexpr double smallest_scale = 1e-3;
  Buffer<T> mean;   // (1, D)
  Buffer<T> scale;  // (1, D), above 0

  Standardizer() = default;
  explicit Standardizer(Index columns) : mean(1, columns), scale(1, columns) { scale.value.setOnes(); }

  Index columns() const { return mean.value.cols(); }

  /// Takes mean and standard deviation of each column; a scale below `smallest` becomes `smallest`.
  /// x (N, D); deviation: standard deviation of each value, which adds to the variance, (N, D) or (0, 0) for none
  template <class U>
  void fit(const Matrix<U>& x, const Matrix<U>& deviation = {}, double smallest = smallest_scale) {
    require_columns(x.cols(), "fit");
    LATENTCELL_REQUIRE(deviation.size() == 0 || (deviation.rows() == x.rows() && deviation.cols() == x.cols()),
                       "Standardizer::fit: deviations (", deviation.rows(), ", ", deviation.cols(), ") of values (",
                       x.rows(), ", ", x.cols(), ")");
    LATENTCELL_REQUIRE(x.rows() > 0, "Standardizer::fit: there are no rows");
    const double n = double(x.rows());
    for (Index j = 0; j < x.cols(); ++j) {
      double middle = 0, square = 0;
      for (Index i = 0; i < x.rows(); ++i) middle += double(x(i, j)) / n;
      for (Index i = 0; i < x.rows(); ++i) {
        const double gap = double(x(i, j)) - middle;
        const double own = deviation.size() > 0 ? double(deviation(i, j)) : 0.0;
        square += (gap * gap + own * own) / n;
      }
      mean.value(0, j) = T(middle);
      scale.value(0, j) = T(std::max(smallest, std::sqrt(square)));
    }
  }

  /// One value of column j, standardised, and the way back.
  T apply(T x, Index j) const { return (x - mean.value(0, j)) / scale.value(0, j); }
  T invert(T x, Index j) const { return x * scale.value(0, j) + mean.value(0, j); }

  /// In place.     x (N, D)
  void apply(View<T> x) const {
    require_columns(x.cols(), "apply");
    for (Index i = 0; i < x.rows(); ++i) {
      for (Index j = 0; j < x.cols(); ++j) x(i, j) = apply(x(i, j), j);
    }
  }
  void invert(View<T> x) const {
    require_columns(x.cols(), "invert");
    for (Index i = 0; i < x.rows(); ++i) {
      for (Index j = 0; j < x.cols(); ++j) x(i, j) = invert(x(i, j), j);
    }
  }
  /// x (N, D) -> (N, D)
  Matrix<T> apply(Matrix<T> x) const {
    apply(view(x));
    return x;
  }
  Matrix<T> invert(Matrix<T> x) const {
    invert(view(x));
    return x;
  }
  /// With a gradient that reaches x.     x (B, D) -> (B, D)
  Var<T> apply(Var<T> x) const {
    require_columns(x.cols(), "apply");
    Tape<T>& tape = x.tape();
    const Index d = columns();
    if (!x.needs_grad()) {
      T* const out = tape.scratch(x.rows() * d);
      std::copy_n(x.value().data(), x.rows() * d, out);
      apply(View<T>(out, x.rows(), d));
      return tape.constant(ConstView<T>(out, x.rows(), d));
    }
    T *const by = tape.scratch(d), *const shift = tape.scratch(d);
    for (Index j = 0; j < d; ++j) {
      by[j] = T(1) / scale.value(0, j);
      shift[j] = -mean.value(0, j) / scale.value(0, j);
    }
    return affine(x, tape.constant(ConstView<T>(by, 1, d)), tape.constant(ConstView<T>(shift, 1, d)));
  }

  /// The sum of log scale over the columns: what the density of standardised values is higher by.
  double log_volume() const {
    double sum = 0;
    for (Index j = 0; j < columns(); ++j) sum += std::log(double(scale.value(0, j)));
    return sum;
  }

  static void visit(auto& self, auto&& f) {
    f("mean", self.mean);
    f("scale", self.scale);
  }

 private:
  void require_columns(Index found, const char* what) const {
    LATENTCELL_REQUIRE(found == columns(), "Standardizer::", what, ": ", found, " columns but it has ", columns());
  }
};

}  // namespace latentcell
