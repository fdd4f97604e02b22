#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

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

/// Sum of each row.
/// x (..., D) -> (..., 1)
template <class T>
Var<T> row_sum(Var<T> x) {
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape().with_cols(1), x);
  for (Index i = 0; i < x.rows(); ++i) y.out()(i, 0) = x.value().row(i).sum();
  tape.on_backward(y, [=] {
    for (Index i = 0; i < x.rows(); ++i) x.grad().row(i).array() += y.upstream()(i, 0);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> row_sum<float>(Var<float> x);
extern template Var<float> weighted_sum<float>(Var<float> x, const float* weight);
extern template Var<float> mean<float>(Var<float> x);
#endif

}  // namespace latentcell
