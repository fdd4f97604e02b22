#pragma once

#include <optional>
#include <span>
#include <vector>

#include <latentcell/op/reshape.hpp>
#include <latentcell/op/slice_columns.hpp>
#include <latentcell/op/add_positions.hpp>
#include <latentcell/backbone/injection.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/nn/attention.hpp>
#include <latentcell/nn/layer_norm.hpp>
#include <latentcell/nn/time_embedding.hpp>
#include <latentcell/op/dropout.hpp>
#include <latentcell/op/layer_norm.hpp>
#include <latentcell/op/modulate.hpp>
#include <latentcell/op/tokens.hpp>

namespace LATENTCELL_NAMESPACE {

struct DitOptions {
  Index latent = 64;      ///< D of the latent vector
  Index tokens = 8;       ///< pieces the vector is cut into; more pieces see finer structure, cost more
  Index width = 128;      ///< width of a token inside
  Index depth = 4;        ///< blocks
  Index heads = 4;        ///< attention heads; must divide width
  Index mlp_ratio = 4;    ///< hidden width of a block's MLP, in widths
  Index condition = 128;  ///< width of the condition vector
  Injection injection = Injection::adaln;  ///< how time and condition enter
  Index condition_tokens = 1;  ///< pieces the condition is cut into, by concatenation and cross_attention: one for each
                               ///< attribute that was set side by side; must divide `condition`
  float dropout = 0;           ///< share dropped in each branch; larger: stronger regularisation

  static void visit(auto& self, auto&& f) {
    f("latent", self.latent, fixed(at_least(1)));
    f("tokens", self.tokens, fixed(at_least(1)));
    f("width", self.width, fixed(at_least(1)));
    f("depth", self.depth, fixed(at_least(0)));
    f("heads", self.heads, fixed(at_least(1)));
    f("mlp_ratio", self.mlp_ratio, fixed(at_least(1)));
    f("condition", self.condition, fixed(at_least(1)));
    f("injection", self.injection, fixed());
    f("condition_tokens", self.condition_tokens, fixed(at_least(1)));
    f("dropout", self.dropout, in_half_open(0, 1));
  }
};

/// One transformer block. What the condition does in it is the options' injection.
template <class T>
struct DitBlock {
  Injection injection;
  Attention<T> attention;
  Linear<T> up;                                // (ratio * D, D)
  Linear<T> down;                              // (D, ratio * D)
  std::optional<Linear<T>> ada;                // adaln (6 D, D), film (4 D, D); starts at zero
  std::optional<LayerNorm<T>> norms[3];        // of the other two: before attention, MLP, cross-attention
  std::optional<CrossAttention<T>> condition;  // cross_attention
  T drop;

  DitBlock(const DitOptions& o, Rng& rng)
      : injection(o.injection),
        attention(o.width, o.heads, rng),
        up(o.width, o.mlp_ratio * o.width, rng),
        down(o.mlp_ratio * o.width, o.width, rng),
        drop(T(o.dropout)) {
    if (injection == Injection::adaln) ada = Linear<T>::zero(o.width, 6 * o.width);
    if (injection == Injection::film) ada = Linear<T>::zero(o.width, 4 * o.width);
    if (ada) return;
    for (int i = 0; i < (injection == Injection::cross_attention ? 3 : 2); ++i) norms[i].emplace(o.width);
    if (injection == Injection::cross_attention) condition.emplace(o.width, o.heads, rng);
  }

  /// x (B, T, D) -> (B, T, D); c is the condition (B, D) after SiLU (adaln, film) or its tokens (B, K, D)
  /// (cross_attention), and not looked at by concatenation, whose tokens are in x
  Var<T> operator()(Var<T> x, Var<T> c) const {
    if (injection == Injection::adaln) {
      const Var<T> a = (*ada)(c);
      x = gated_add(x, part(a, 2, x), dropout(attention(modulated(x, a, 0)), drop));
      return gated_add(x, part(a, 5, x), dropout(mlp(modulated(x, a, 3)), drop));
    }
    if (injection == Injection::film) {
      const Var<T> a = (*ada)(c);
      x = add(x, dropout(attention(modulated(x, a, 0)), drop));
      return add(x, dropout(mlp(modulated(x, a, 2)), drop));
    }
    x = add(x, dropout(attention((*norms[0])(x)), drop));
    if (condition) x = add(x, dropout((*condition)((*norms[2])(x), c), drop));
    return add(x, dropout(mlp((*norms[1])(x)), drop));
  }

  static void visit(auto& self, auto&& f) {
    f("attention", self.attention);
    f("drop", self.drop, in_half_open(0, 1));
    f("up", self.up);
    f("down", self.down);
    f("ada", self.ada);
    f("norm1", self.norms[0]);
    f("norm2", self.norms[1]);
    f("norm3", self.norms[2]);
    f("condition", self.condition);
  }

 private:
  Var<T> mlp(Var<T> x) const { return down(gelu(up(x))); }
  // Piece i of what the condition gives.
  static Var<T> part(Var<T> a, Index i, Var<T> x) { return slice_columns(a, i * x.cols(), x.cols()); }
  static Var<T> modulated(Var<T> x, Var<T> a, Index i) {
    return modulate(layer_norm(x, T(1e-6)), part(a, i, x), part(a, i + 1, x));
  }
};

/// Diffusion transformer over a latent vector cut into tokens (Peebles and Xie, "Scalable diffusion models with
/// transformers", 2023): embedding and positions, blocks, a last layer that starts at zero. With adaln, the default,
/// the last layer is modulated too and every block starts as the identity.
template <class T>
struct Dit {
  using Scalar = T;
  DitOptions options;
  Linear<T> embed;         // (width, latent / tokens)
  Param<T> positions;      // (tokens, width)
  TimeEmbedding<T> time;   // t -> width
  Linear<T> conditioning;  // (width, condition / condition_tokens)
  std::vector<DitBlock<T>> blocks;
  std::optional<Linear<T>> last_ada;  // (2 width, width), adaln and film
  Linear<T> last;                     // (latent / tokens, width)

  Dit(const DitOptions& o, Rng& rng)
      : options(checked(o)),
        embed(o.latent / o.tokens, o.width, rng),
        positions(o.tokens, o.width),
        time(o.width, rng),
        conditioning(o.condition / pieces(o), o.width, rng),
        last(Linear<T>::zero(o.width, o.latent / o.tokens)) {
    if (modulates()) last_ada = Linear<T>::zero(o.width, 2 * o.width);
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
    LATENTCELL_REQUIRE(condition.cols() == options.condition, "Dit: condition ", condition.shape(), " has ",
                       condition.cols(), " columns but the options say ", options.condition);
    const Index batch = z.rows(), w = options.width, tokens = options.tokens;
    Var<T> x = embed(reshape(z, Shape(batch, tokens, options.latent / tokens)));
    x = add_positions(x, tape.watch(positions));
    if (modulates()) {
      const Var<T> c = silu(add(time(tape, t), conditioning(condition)));
      for (const DitBlock<T>& block : blocks) x = block(x, c);
      const Var<T> a = (*last_ada)(c);
      x = last(modulate(layer_norm(x, T(1e-6)), slice_columns(a, 0, w), slice_columns(a, w, w)));
    } else {
      const Index k = options.condition_tokens;
      const Var<T> covariates = conditioning(reshape(condition, Shape(batch, k, options.condition / k)));
      const Var<T> c = concat_tokens(reshape(time(tape, t), Shape(batch, 1, w)), covariates);
      const bool beside = options.injection == Injection::concatenation;
      if (beside) x = concat_tokens(c, x);
      for (const DitBlock<T>& block : blocks) x = block(x, c);
      if (beside) x = slice_tokens(x, k + 1, tokens);
      x = last(layer_norm(x, T(1e-6)));
    }
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
  static bool modulates(const DitOptions& o) {
    return o.injection == Injection::adaln || o.injection == Injection::film;
  }
  bool modulates() const { return modulates(options); }
  static Index pieces(const DitOptions& o) { return modulates(o) ? 1 : o.condition_tokens; }
  static const DitOptions& checked(const DitOptions& o) {
    check_options("Dit", o);
    LATENTCELL_REQUIRE(o.latent % o.tokens == 0, "Dit: a latent of ", o.latent, " cannot be cut into ", o.tokens,
                       " tokens of equal length");
    LATENTCELL_REQUIRE(o.width % o.heads == 0, "Dit: width ", o.width, " cannot be cut into ", o.heads, " heads");
    LATENTCELL_REQUIRE(o.condition % o.condition_tokens == 0, "Dit: a condition of ", o.condition,
                       " cannot be cut into ", o.condition_tokens, " tokens of equal length");
    LATENTCELL_REQUIRE(
        o.condition_tokens == 1 || !modulates(o),
        "Dit: several condition tokens need injection by concatenation or cross_attention; adaln and film "
        "take one vector");
    return o;
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct DitBlock<float>;
extern template struct Dit<float>;
#endif

}  // namespace latentcell
