#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

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
extern template Var<float> reshape<float>(Var<float> x, Shape shape);
#endif

}  // namespace latentcell
