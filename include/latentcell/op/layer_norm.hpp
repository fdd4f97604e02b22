#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/layer_norm.hpp>

namespace LATENTCELL_NAMESPACE {

/// Normalises each row to zero mean and unit variance (Ba, Kiros, Hinton 2016).   x (..., D) -> (..., D)
template <class T>
Var<T> layer_norm(Var<T> x, T eps = T(1e-5)) {
  LATENTCELL_REQUIRE(x.cols() > 1, "layer_norm: needs at least two columns, got x ", x.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape(), x);
  T* rstd = tape.scratch(x.rows());
  kernel::layer_norm<T>(x.value(), y.out(), rstd, eps);
  tape.on_backward(y, [=] {
    const auto slot = x.slot();
    kernel::layer_norm_grad<T>(y.value(), rstd, y.upstream(), slot.grad, slot.add);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> layer_norm<float>(Var<float> x, float eps);
#endif

}  // namespace latentcell
