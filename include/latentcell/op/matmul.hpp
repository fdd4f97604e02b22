#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/gemm.hpp>

namespace LATENTCELL_NAMESPACE {

/// y = x w.      x (..., K), w (K, M) -> (..., M)
template <class T>
Var<T> matmul(Var<T> x, Var<T> w) {
  LATENTCELL_REQUIRE(x.cols() == w.rows(), "matmul: x ", x.shape(), " has ", x.cols(), " columns but w ", w.shape(),
                     " takes ", w.rows());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape().with_cols(w.cols()), x, w);
  kernel::gemm_nn<T>(x.value(), w.value(), y.out(), {false});
  tape.on_backward(y, [=] {
    if (x.needs_grad()) {
      const auto slot = x.slot();
      kernel::gemm_nt<T>(y.upstream(), w.value(), slot.grad, {slot.add});
    }
    if (w.needs_grad()) {
      const auto slot = w.slot();
      kernel::gemm_tn<T>(x.value(), y.upstream(), slot.grad, {slot.add});
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> matmul<float>(Var<float> x, Var<float> w);
#endif

}  // namespace latentcell
