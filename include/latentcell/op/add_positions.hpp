#pragma once

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// x + p, one row of p per token: position embedding.     x (B, T, D), p (T, D) -> (B, T, D)
template <class T>
Var<T> add_positions(Var<T> x, Var<T> p) {
  LATENTCELL_REQUIRE(p.rows() == x.shape().tokens() && p.cols() == x.cols(), "add_positions: x ", x.shape(),
                     " does not fit positions ", p.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape(), x, p);
  const Index block = p.shape().size(), batch = x.shape().batch();
  for (Index b = 0; b < batch; ++b) {
    const T *in = x.value().data() + b * block, *add = p.value().data();
    T* out = y.out().data() + b * block;
    for (Index i = 0; i < block; ++i) out[i] = in[i] + add[i];
  }
  tape.on_backward(y, [=] {
    const T* g = y.upstream().data();
    if (p.needs_grad()) {
      T* dp = p.grad().data();
      for (Index b = 0; b < batch; ++b) {
        for (Index i = 0; i < block; ++i) dp[i] += g[b * block + i];
      }
    }
    if (x.needs_grad()) y.tape().pass_gradient(y, x);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> add_positions<float>(Var<float> x, Var<float> p);
#endif

}  // namespace latentcell
