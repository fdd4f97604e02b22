#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// Columns [first, first + count) of x.      x (..., D) -> (..., count)
template <class T>
Var<T> slice_columns(Var<T> x, Index first, Index count) {
  LATENTCELL_REQUIRE(first >= 0 && count > 0 && first + count <= x.cols(), "slice_columns: [", first, ", ",
                     first + count, ") of x ", x.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape().with_cols(count), x);
  y.out() = x.value().middleCols(first, count);
  tape.on_backward(y, [=] { x.grad().middleCols(first, count) += y.upstream(); });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> slice_columns<float>(Var<float> x, Index first, Index count);
#endif

}  // namespace latentcell
