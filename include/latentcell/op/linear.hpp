#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/gemm.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// y = x W^T + b.      x (..., K), weight (M, K), bias (1, M) -> (..., M)
template <class T>
Var<T> linear(Var<T> x, Var<T> weight, Var<T> bias) {
  LATENTCELL_REQUIRE(x.cols() == weight.cols(), "linear: x ", x.shape(), " has ", x.cols(), " columns but weight ",
                     weight.shape(), " takes ", weight.cols());
  LATENTCELL_REQUIRE(bias.rows() == 1 && bias.cols() == weight.rows(), "linear: bias ", bias.shape(),
                     " does not fit weight ", weight.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape().with_cols(weight.rows()), x, weight, bias);
  kernel::gemm_nt<T>(x.value(), weight.value(), y.out(), {false, nullptr, bias.value().data()});
  tape.on_backward(y, [=] {
    if (x.needs_grad()) {
      const auto slot = x.slot();
      kernel::gemm_nn<T>(y.upstream(), weight.value(), slot.grad, {slot.add});
    }
    if (weight.needs_grad()) {
      const auto slot = weight.slot();
      kernel::gemm_tn<T>(y.upstream(), x.value(), slot.grad, {slot.add});
    }
    if (bias.needs_grad()) kernel::add_column_sums<T>(y.upstream(), bias.grad().data());
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> linear<float>(Var<float> x, Var<float> weight, Var<float> bias);
#endif

}  // namespace latentcell
