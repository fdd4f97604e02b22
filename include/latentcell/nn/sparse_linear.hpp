#pragma once

#include <latentcell/nn/init.hpp>
#include <latentcell/op/sparse_linear.hpp>

namespace latentcell {

/// The first layer of an encoder: y = log1p(counts / size_factor) W + b, on the non-zeros only.
template <class T>
struct SparseLinear {
  Param<T> weight;  // (genes, out): a gene's weights lie together
  Param<T> bias;    // (1, out)

  SparseLinear(Index genes, Index out, Rng& rng) : weight(genes, out), bias(1, out) {
    init_glorot(weight, genes, out, rng);
    bias.weight_decay = T(0);
  }

  /// counts (B, genes) sparse, size_factor (B) -> (B, out)
  Var<T> operator()(Tape<T>& tape, const CountsView& counts, std::span<const float> size_factor) const {
    return sparse_linear(counts, size_factor, tape.watch(weight), tape.watch(bias));
  }

  static void visit(auto& self, auto&& f) {
    f("weight", self.weight);
    f("bias", self.bias);
  }
};

}  // namespace latentcell
