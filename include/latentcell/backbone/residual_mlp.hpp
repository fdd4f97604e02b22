#pragma once

#include <span>
#include <vector>

#include <latentcell/backbone/mlp_block.hpp>
#include <latentcell/backbone/shared_conditions.hpp>
#include <latentcell/nn/time_embedding.hpp>

namespace LATENTCELL_NAMESPACE {

struct ResidualMlpOptions {
  Index latent = 64;                       ///< D of the latent vector
  Index width = 256;                       ///< width inside
  Index depth = 4;                         ///< blocks
  Index ratio = 2;                         ///< hidden width of a block, in widths
  Index condition = 128;                   ///< width of the condition vector
  Injection injection = Injection::adaln;  ///< how time and condition enter; no cross_attention
  float dropout = 0;                       ///< share dropped in each block; larger: stronger regularisation

  static void visit(auto& self, auto&& f) {
    f("latent", self.latent, fixed(at_least(1)));
    f("width", self.width, fixed(at_least(1)));
    f("depth", self.depth, fixed(at_least(0)));
    f("ratio", self.ratio, fixed(at_least(1)));
    f("condition", self.condition, fixed(at_least(1)));
    f("injection", self.injection, fixed());
    f("dropout", self.dropout, in_half_open(0, 1));
  }
};

/// Residual MLP over a latent vector: the latent as it is, without tokens. Blocks and last layer start so that the
/// prediction is zero.
template <class T>
struct ResidualMlp {
  using Scalar = T;
  ResidualMlpOptions options;
  Linear<T> embed;         // (width, latent)
  TimeEmbedding<T> time;   // t -> width
  Linear<T> conditioning;  // (width, condition)
  std::vector<MlpBlock<T>> blocks;
  Linear<T> last;  // (latent, width), starts at zero

  ResidualMlp(const ResidualMlpOptions& o, Rng& rng)
      : options(check_options("ResidualMlp", o)),
        embed(o.latent, o.width, rng),
        time(o.width, rng),
        conditioning(o.condition, o.width, rng),
        last(Linear<T>::zero(o.width, o.latent)) {
    for (Index i = 0; i < o.depth; ++i) {
      blocks.emplace_back(o.width, o.ratio * o.width, o.width, o.injection, o.dropout, rng);
    }
  }

  /// The prediction at (z_t, t) under a condition.      z (B, latent), t (B) in [0, 1], condition (B, C) -> (B, latent)
  Var<T> operator()(Tape<T>& tape, Var<T> z, std::span<const T> t, Var<T> condition) const {
    LATENTCELL_REQUIRE(Index(t.size()) == z.rows() && condition.rows() == z.rows(), "ResidualMlp: ", z.rows(),
                       " cells but ", t.size(), " times and condition ", condition.shape());
    const SharedConditions<T> shared(tape, t, condition);
    const Var<T> c = silu(add(time(tape, shared.t()), conditioning(shared.condition())));
    Var<T> x = embed(z);
    for (const MlpBlock<T>& block : blocks) x = block(x, c, shared.rows());
    return last(layer_norm(x, T(1e-6)));
  }

  static void visit(auto& self, auto&& f) {
    f("embed", self.embed);
    f("time", self.time);
    f("conditioning", self.conditioning);
    f("blocks", self.blocks);
    f("last", self.last);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct ResidualMlp<float>;
#endif

}  // namespace latentcell
