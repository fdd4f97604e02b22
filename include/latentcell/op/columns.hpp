#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace latentcell {

/// Columns [first, first + count) of x.      x (..., D) -> (..., count)
template <class T>
Var<T> columns(Var<T> x, Index first, Index count) {
  LATENTCELL_REQUIRE(first >= 0 && count > 0 && first + count <= x.cols(), "columns: [", first, ", ", first + count,
                     ") of x ", x.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape().with_cols(count), x);
  y.out() = x.value().middleCols(first, count);
  tape.on_backward(y, [=] { x.grad().middleCols(first, count) += y.upstream(); });
  return y;
}

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

/// The same numbers in another shape of equal size: a latent vector cut into tokens and back.
template <class T>
Var<T> reshape(Var<T> x, Shape shape) {
  LATENTCELL_REQUIRE(x.shape().size() == shape.size(), "reshape: x ", x.shape(), " does not fill ", shape);
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(shape, x);
  std::copy_n(x.value().data(), shape.size(), y.out().data());
  tape.on_backward(y, [=] { y.tape().pass_gradient(y, x); });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> columns<float>(Var<float> x, Index first, Index count);
extern template Var<float> concat<float>(Var<float> x, Var<float> y);
extern template Var<float> reshape<float>(Var<float> x, Shape shape);
#endif

}  // namespace latentcell
