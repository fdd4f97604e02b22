#pragma once

#include <span>
#include <vector>

#include <latentcell/nn/attention.hpp>
#include <latentcell/nn/time_embedding.hpp>
#include <latentcell/op/columns.hpp>
#include <latentcell/op/dropout.hpp>
#include <latentcell/op/layer_norm.hpp>
#include <latentcell/op/modulate.hpp>

namespace latentcell {

struct DitOptions {
  Index latent = 64;      ///< D of the latent vector
  Index tokens = 8;       ///< pieces the vector is cut into; more pieces see finer structure and cost more
  Index width = 128;      ///< width of a token inside
  Index depth = 4;        ///< blocks
  Index heads = 4;        ///< attention heads; must divide width
  Index mlp_ratio = 4;    ///< hidden width of a block's MLP, in widths
  Index condition = 128;  ///< width of the condition vector
  float dropout = 0;      ///< share dropped in each branch; larger forgets more
};

/// One transformer block whose norms are shifted, scaled and gated by the condition: adaLN-Zero.
template <class T>
struct DitBlock {
  Attention<T> attention;
  Linear<T> up;    // (ratio * D, D)
  Linear<T> down;  // (D, ratio * D)
  Linear<T> ada;   // (6 D, D), starts at zero: the block starts as the identity
  T drop;

  DitBlock(const DitOptions& o, Rng& rng)
      : attention(o.width, o.heads, rng),
        up(o.width, o.mlp_ratio * o.width, rng),
        down(o.mlp_ratio * o.width, o.width, rng),
        ada(Linear<T>::zero(o.width, 6 * o.width)),
        drop(T(o.dropout)) {}

  /// x (B, T, D), c (B, D) after SiLU -> (B, T, D)
  Var<T> operator()(Var<T> x, Var<T> c) const {
    const Index d = x.cols();
    const Var<T> a = ada(c);
    const auto part = [&](Index i) { return columns(a, i * d, d); };
    x = gated_add(x, part(2), dropout(attention(modulate(layer_norm(x, T(1e-6)), part(0), part(1))), drop));
    const Var<T> h = modulate(layer_norm(x, T(1e-6)), part(3), part(4));
    return gated_add(x, part(5), dropout(down(gelu(up(h))), drop));
  }

  static void visit(auto& self, auto&& f) {
    f("attention", self.attention);
    f("up", self.up);
    f("down", self.down);
    f("ada", self.ada);
  }
};

/// Diffusion transformer over a latent vector cut into tokens (Peebles and Xie, "Scalable diffusion models with
/// transformers", 2023): embedding and positions, adaLN-Zero blocks, a modulated last layer that starts at zero.
template <class T>
struct Dit {
  DitOptions options;
  Linear<T> embed;         // (width, latent / tokens)
  Param<T> positions;      // (tokens, width)
  TimeEmbedding<T> time;   // t -> width
  Linear<T> conditioning;  // (width, condition)
  std::vector<DitBlock<T>> blocks;
  Linear<T> last_ada;  // (2 width, width)
  Linear<T> last;      // (latent / tokens, width)

  Dit(const DitOptions& o, Rng& rng)
      : options(checked(o)),
        embed(o.latent / o.tokens, o.width, rng),
        positions(o.tokens, o.width),
        time(o.width, rng),
        conditioning(o.condition, o.width, rng),
        last_ada(Linear<T>::zero(o.width, 2 * o.width)),
        last(Linear<T>::zero(o.width, o.latent / o.tokens)) {
    init_normal(positions, T(0.02), rng);
    positions.weight_decay = T(0);
    for (Index i = 0; i < o.depth; ++i) blocks.emplace_back(o, rng);
  }

  /// The prediction at (z_t, t) under a condition.      z (B, latent), t (B) in [0, 1], condition (B, C) -> (B, latent)
  Var<T> operator()(Tape<T>& tape, Var<T> z, std::span<const T> t, Var<T> condition) const {
    LATENTCELL_REQUIRE(z.cols() == options.latent, "Dit: z ", z.shape(), " has ", z.cols(),
                       " columns but the latent has ", options.latent);
    LATENTCELL_REQUIRE(Index(t.size()) == z.rows() && condition.rows() == z.rows(), "Dit: ", z.rows(), " cells but ",
                       t.size(), " times and condition ", condition.shape());
    const Index batch = z.rows(), w = options.width;
    const Var<T> c = silu(add(time(tape, t), conditioning(condition)));
    Var<T> x = embed(reshape(z, Shape(batch, options.tokens, options.latent / options.tokens)));
    x = add_positions(x, tape.watch(positions));
    for (const DitBlock<T>& block : blocks) x = block(x, c);
    const Var<T> a = last_ada(c);
    x = last(modulate(layer_norm(x, T(1e-6)), columns(a, 0, w), columns(a, w, w)));
    return reshape(x, Shape(batch, options.latent));
  }

  static void visit(auto& self, auto&& f) {
    f("embed", self.embed);
    f("positions", self.positions);
    f("time", self.time);
    f("conditioning", self.conditioning);
    f("blocks", self.blocks);
    f("last_ada", self.last_ada);
    f("last", self.last);
  }

 private:
  static const DitOptions& checked(const DitOptions& o) {
    LATENTCELL_REQUIRE(o.tokens > 0 && o.latent % o.tokens == 0, "Dit: a latent of ", o.latent, " cannot be cut into ",
                       o.tokens, " tokens of equal length");
    LATENTCELL_REQUIRE(o.heads > 0 && o.width % o.heads == 0, "Dit: width ", o.width, " cannot be cut into ", o.heads,
                       " heads");
    return o;
  }
};

}  // namespace latentcell
