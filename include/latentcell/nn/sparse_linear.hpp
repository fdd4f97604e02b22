#pragma once

#include <algorithm>

#include <latentcell/op/affine.hpp>
#include <latentcell/nn/init.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/matmul.hpp>
#include <latentcell/op/sparse_linear.hpp>

namespace LATENTCELL_NAMESPACE {

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

  /// The same of dense values on the scale of log1p.     x (B, genes) -> (B, out)
  Var<T> of_values(Tape<T>& tape, Var<T> x) const {
    const Index width = bias.value.cols();
    T* const one = tape.scratch(width);
    std::fill_n(one, width, T(1));
    return affine(matmul(x, tape.watch(weight)), tape.constant(ConstView<T>(one, 1, width)), tape.watch(bias));
  }

  static void visit(auto& self, auto&& f) {
    f("weight", self.weight);
    f("bias", self.bias);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct SparseLinear<float>;
#endif

}  // namespace latentcell
