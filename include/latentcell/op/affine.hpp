#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// x w + b, one weight and bias per column: the affine part of a layer norm.    x (..., D), w and b (1, D) -> (..., D)
template <class T>
Var<T> affine(Var<T> x, Var<T> w, Var<T> b) {
  LATENTCELL_REQUIRE(w.rows() == 1 && b.rows() == 1 && w.cols() == x.cols() && b.cols() == x.cols(), "affine: x ",
                     x.shape(), " does not fit weight ", w.shape(), " and bias ", b.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape(), x, w, b);
  const Index d = x.cols();
  for (Index n = 0; n < x.rows(); ++n) {
    y.out().row(n) = x.value().row(n).cwiseProduct(w.value().row(0)) + b.value().row(0);
  }
  tape.on_backward(y, [=] {
    const T *g = y.upstream().data(), *in = x.value().data(), *weight = w.value().data();
    T *dx = x.needs_grad() ? x.grad().data() : nullptr, *dw = w.needs_grad() ? w.grad().data() : nullptr;
    for (Index n = 0; n < x.rows(); ++n) {
      for (Index j = 0; j < d; ++j) {
        if (dx != nullptr) dx[n * d + j] += g[n * d + j] * weight[j];
        if (dw != nullptr) dw[j] += g[n * d + j] * in[n * d + j];
      }
    }
    if (b.needs_grad()) kernel::add_column_sums<T>(y.upstream(), b.grad().data());
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> affine<float>(Var<float> x, Var<float> w, Var<float> b);
#endif

}  // namespace latentcell
