#pragma once

#include <latentcell/nn/init.hpp>
#include <latentcell/op/linear.hpp>

namespace LATENTCELL_NAMESPACE {

/// y = x W^T + b.
template <class T>
struct Linear {
  Param<T> weight;  // (out, in)
  Param<T> bias;    // (1, out)

  Linear(Index in, Index out, Rng& rng) : weight(out, in), bias(1, out) {
    init_glorot(weight, in, out, rng);
    bias.weight_decay = T(0);
  }
  /// Sets all weights to zero: a residual branch that starts as the identity.
  static Linear zero(Index in, Index out) {
    Linear l;
    l.weight = Param<T>(out, in);
    l.bias = Param<T>(1, out);
    l.bias.weight_decay = T(0);
    return l;
  }

  /// x (..., in) -> (..., out)
  Var<T> operator()(Var<T> x) const { return linear(x, x.tape().watch(weight), x.tape().watch(bias)); }

  static void visit(auto& self, auto&& f) {
    f("weight", self.weight);
    f("bias", self.bias);
  }

 private:
  Linear() = default;
};

#ifdef LATENTCELL_INSTANCES
extern template struct Linear<float>;
#endif

}  // namespace latentcell
