#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// The value of `other`, the gradient of x: a step that has no gradient of its own is passed as if it were none (Bengio
/// et al. 2013; van den Oord et al. 2017).     x, other (B, D) -> (B, D)
template <class T>
Var<T> straight_through(Var<T> x, ConstView<T> other) {
  LATENTCELL_REQUIRE(x.rows() == other.rows() && x.cols() == other.cols(), "straight_through: x ", x.shape(),
                     " but the value is (", other.rows(), ", ", other.cols(), ")");
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape(), x);
  y.out() = other;
  tape.on_backward(y, [=] { y.tape().pass_gradient(y, x); });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> straight_through<float>(Var<float> x, ConstView<float> other);
#endif

}  // namespace latentcell
