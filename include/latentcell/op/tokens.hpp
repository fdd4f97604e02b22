#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// The tokens of x and then those of y, cell by cell.     x (B, K, D), y (B, T, D) -> (B, K + T, D)
template <class T>
Var<T> concat_tokens(Var<T> x, Var<T> y) {
  LATENTCELL_REQUIRE(x.shape().batch() == y.shape().batch() && x.cols() == y.cols(), "concat_tokens: x ", x.shape(),
                     " and y ", y.shape(), " do not fit");
  Tape<T>& tape = x.tape();
  const Index batch = x.shape().batch(), first = x.shape().tokens(), second = y.shape().tokens(), d = x.cols();
  Var<T> z = tape.alloc(Shape(batch, first + second, d), x, y);
  for (Index b = 0; b < batch; ++b) {
    z.out().middleRows(b * (first + second), first) = x.value().middleRows(b * first, first);
    z.out().middleRows(b * (first + second) + first, second) = y.value().middleRows(b * second, second);
  }
  tape.on_backward(z, [=] {
    for (Index b = 0; b < batch; ++b) {
      const Index at = b * (first + second);
      if (x.needs_grad()) x.grad().middleRows(b * first, first) += z.upstream().middleRows(at, first);
      if (y.needs_grad()) y.grad().middleRows(b * second, second) += z.upstream().middleRows(at + first, second);
    }
  });
  return z;
}

/// Tokens [first, first + count) of each cell.     x (B, T, D) -> (B, count, D)
template <class T>
Var<T> slice_tokens(Var<T> x, Index first, Index count) {
  const Index batch = x.shape().batch(), tokens = x.shape().tokens(), d = x.cols();
  LATENTCELL_REQUIRE(first >= 0 && count > 0 && first + count <= tokens, "slice_tokens: [", first, ", ", first + count,
                     ") of x ", x.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(Shape(batch, count, d), x);
  for (Index b = 0; b < batch; ++b) {
    y.out().middleRows(b * count, count) = x.value().middleRows(b * tokens + first, count);
  }
  tape.on_backward(y, [=] {
    for (Index b = 0; b < batch; ++b) {
      x.grad().middleRows(b * tokens + first, count) += y.upstream().middleRows(b * count, count);
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> concat_tokens<float>(Var<float> x, Var<float> y);
extern template Var<float> slice_tokens<float>(Var<float> x, Index first, Index count);
#endif

}  // namespace latentcell
