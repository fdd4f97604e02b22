#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/gemm.hpp>
#include <latentcell/kernel/rows.hpp>

namespace latentcell {

/// y = x W^T + b.      x (..., K), weight (M, K), bias (1, M) -> (..., M)
template <class T>
Var<T> linear(Var<T> x, Var<T> weight, Var<T> bias) {
  LATENTCELL_REQUIRE(x.cols() == weight.cols(), "linear: x ", x.shape(), " has ", x.cols(), " columns but weight ",
                     weight.shape(), " takes ", weight.cols());
  LATENTCELL_REQUIRE(bias.rows() == 1 && bias.cols() == weight.rows(), "linear: bias ", bias.shape(),
                     " does not fit weight ", weight.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape().with_cols(weight.rows()), x, weight, bias);
  kernel::fill_rows<T>(bias.value().data(), y.out());
  kernel::gemm_nt<T>(x.value(), weight.value(), y.out());
  tape.on_backward(y, [=] {
    if (x.needs_grad()) kernel::gemm_nn<T>(y.upstream(), weight.value(), x.grad());
    if (weight.needs_grad()) kernel::gemm_tn<T>(y.upstream(), x.value(), weight.grad());
    if (bias.needs_grad()) kernel::add_column_sums<T>(y.upstream(), bias.grad().data());
  });
  return y;
}

}  // namespace latentcell
