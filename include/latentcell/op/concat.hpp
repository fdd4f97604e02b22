#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// x and y side by side.     x (B, D), y (B, E) -> (B, D + E)
template <class T>
Var<T> concat(Var<T> x, Var<T> y) {
  LATENTCELL_REQUIRE(x.rows() == y.rows(), "concat: x ", x.shape(), " and y ", y.shape(), " have different rows");
  Tape<T>& tape = x.tape();
  const Index d = x.cols(), e = y.cols();
  Var<T> z = tape.alloc(x.shape().with_cols(d + e), x, y);
  z.out().leftCols(d) = x.value();
  z.out().rightCols(e) = y.value();
  tape.on_backward(z, [=] {
    if (x.needs_grad()) x.grad() += z.upstream().leftCols(d);
    if (y.needs_grad()) y.grad() += z.upstream().rightCols(e);
  });
  return z;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> concat<float>(Var<float> x, Var<float> y);
#endif

}  // namespace latentcell
