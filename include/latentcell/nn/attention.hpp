#pragma once

#include <latentcell/nn/linear.hpp>
#include <latentcell/op/attention.hpp>

namespace LATENTCELL_NAMESPACE {

/// Multi-head self-attention with its projections.
template <class T>
struct Attention {
  Index heads;
  Linear<T> qkv;   // (3 D, D)
  Linear<T> proj;  // (D, D)

  Attention(Index width, Index heads_, Rng& rng) : heads(heads_), qkv(width, 3 * width, rng), proj(width, width, rng) {}

  /// x (B, T, D) -> (B, T, D)
  Var<T> operator()(Var<T> x) const { return proj(attention(qkv(x), heads)); }

  static void visit(auto& self, auto&& f) {
    f("qkv", self.qkv);
    f("proj", self.proj);
  }
};

/// Multi-head attention to other tokens, with its projections.
template <class T>
struct CrossAttention {
  Index heads;
  Linear<T> q;     // (D, D)
  Linear<T> kv;    // (2 D, D)
  Linear<T> proj;  // (D, D)

  CrossAttention(Index width, Index heads_, Rng& rng)
      : heads(heads_), q(width, width, rng), kv(width, 2 * width, rng), proj(width, width, rng) {}

  /// x (B, T, D), tokens (B, K, D) -> (B, T, D)
  Var<T> operator()(Var<T> x, Var<T> tokens) const { return proj(cross_attention(q(x), kv(tokens), heads)); }

  static void visit(auto& self, auto&& f) {
    f("q", self.q);
    f("kv", self.kv);
    f("proj", self.proj);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct Attention<float>;
extern template struct CrossAttention<float>;
#endif

}  // namespace latentcell
