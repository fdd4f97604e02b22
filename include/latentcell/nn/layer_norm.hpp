#pragma once

#include <latentcell/op/affine.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/layer_norm.hpp>

namespace LATENTCELL_NAMESPACE {

/// Layer norm with a learned weight and bias per column.
template <class T>
struct LayerNorm {
  Param<T> weight;  // (1, D)
  Param<T> bias;    // (1, D)

  explicit LayerNorm(Index d) : weight(1, d), bias(1, d) {
    weight.value.setOnes();
    weight.weight_decay = bias.weight_decay = T(0);
  }

  /// x (..., D) -> (..., D)
  Var<T> operator()(Var<T> x) const { return affine(layer_norm(x), x.tape().watch(weight), x.tape().watch(bias)); }

  static void visit(auto& self, auto&& f) {
    f("weight", self.weight);
    f("bias", self.bias);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct LayerNorm<float>;
#endif

}  // namespace latentcell
