#pragma once

#include <type_traits>

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// Mean squared difference to a target without gradient, each row times its weight.
/// x (B, ...), target of the same size, weight (B) or null: 1 -> (1, 1)
template <class T>
Var<T> mse(Var<T> x, std::type_identity_t<ConstView<T>> target, const T* weight = nullptr) {
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
extern template Var<float> mse<float>(Var<float> x, ConstView<float> target, const float* weight);
#endif

}  // namespace latentcell
