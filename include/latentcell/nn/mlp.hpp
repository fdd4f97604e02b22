#pragma once

#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/nn/layer_norm.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/op/dropout.hpp>

namespace LATENTCELL_NAMESPACE {

/// What follows each hidden layer: layer norm, GELU, dropout.
template <class T>
struct NormActDropout {
  LayerNorm<T> norm;
  T dropout;

  NormActDropout(Index width, T share) : norm(width), dropout(share) {}

  /// x (B, D) -> (B, D)
  Var<T> operator()(Var<T> x) const { return latentcell::dropout(gelu(norm(x)), dropout); }

  static void visit(auto& self, auto&& f) {
    f("norm", self.norm);
    f("dropout", self.dropout, in_half_open(0, 1));
  }
};

/// Hidden layers of a multi-layer perceptron: Linear, LayerNorm, GELU, dropout, as often as there are widths.
template <class T>
struct Mlp {
  std::vector<Linear<T>> layers;
  std::vector<NormActDropout<T>> tails;

  /// in -> widths[0] -> ... -> widths.back()
  Mlp(Index in, std::span<const Index> widths, T dropout, Rng& rng) {
    for (Index width : widths) {
      layers.emplace_back(in, width, rng);
      tails.emplace_back(width, dropout);
      in = width;
    }
  }

  /// x (B, in) -> (B, widths.back())
  Var<T> operator()(Var<T> x) const {
    for (std::size_t i = 0; i < layers.size(); ++i) x = tails[i](layers[i](x));
    return x;
  }

  static void visit(auto& self, auto&& f) {
    f("layers", self.layers);
    f("tails", self.tails);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct NormActDropout<float>;
extern template struct Mlp<float>;
#endif

}  // namespace latentcell
