#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace latentcell {

/// Weighted sum over the rows of a column.    x (B, 1), weight (B) -> (1, 1)
template <class T>
Var<T> weighted_sum(Var<T> x, const T* weight) {
  LATENTCELL_REQUIRE(x.cols() == 1, "weighted_sum: needs one column, got x ", x.shape());
  Tape<T>& tape = x.tape();
  const Index n = x.rows();
  T* kept = tape.scratch(n);
  std::copy_n(weight, n, kept);
  Var<T> y = tape.alloc(Shape(1, 1), x);
  T sum = 0;
  for (Index i = 0; i < n; ++i) sum += kept[i] * x.value()(i, 0);
  y.out()(0, 0) = sum;
  tape.on_backward(y, [=] {
    const T g = y.upstream()(0, 0);
    for (Index i = 0; i < n; ++i) x.grad()(i, 0) += g * kept[i];
  });
  return y;
}

/// Mean of all numbers.     x (...) -> (1, 1)
template <class T>
Var<T> mean(Var<T> x) {
  Tape<T>& tape = x.tape();
  const Index n = x.shape().size();
  Var<T> y = tape.alloc(Shape(1, 1), x);
  y.out()(0, 0) = x.value().sum() / T(n);
  tape.on_backward(y, [=] { x.grad().array() += y.upstream()(0, 0) / T(n); });
  return y;
}

/// Mean squared difference to a target without gradient, each row times its weight.
/// x (B, ...), target of the same size, weight (B) or null: 1 -> (1, 1)
template <class T>
Var<T> mse(Var<T> x, ConstView<T> target, const T* weight = nullptr) {
  LATENTCELL_REQUIRE(x.rows() == target.rows() && x.cols() == target.cols(), "mse: x ", x.shape(),
                     " but the target is (", target.rows(), ", ", target.cols(), ")");
  Tape<T>& tape = x.tape();
  const Index n = x.shape().size(), rows = x.rows();
  T* kept = nullptr;
  if (weight != nullptr) {
    kept = tape.scratch(rows);
    std::copy_n(weight, rows, kept);
  }
  Var<T> y = tape.alloc(Shape(1, 1), x);
  if (kept == nullptr) {
    y.out()(0, 0) = (x.value() - target).squaredNorm() / T(n);
  } else {
    T sum = 0;
    for (Index b = 0; b < rows; ++b) sum += kept[b] * (x.value().row(b) - target.row(b)).squaredNorm();
    y.out()(0, 0) = sum / T(n);
  }
  tape.on_backward(y, [=] {
    const T g = T(2) * y.upstream()(0, 0) / T(n);
    if (kept == nullptr) {
      x.grad() += (x.value() - target) * g;
    } else {
      for (Index b = 0; b < rows; ++b) x.grad().row(b) += (x.value().row(b) - target.row(b)) * (g * kept[b]);
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> weighted_sum<float>(Var<float> x, const float* weight);
extern template Var<float> mean<float>(Var<float> x);
extern template Var<float> mse<float>(Var<float> x, ConstView<float> target, const float* weight);
#endif

}  // namespace latentcell
