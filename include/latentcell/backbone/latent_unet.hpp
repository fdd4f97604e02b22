#pragma once

#include <span>
#include <vector>

#include <latentcell/backbone/mlp_block.hpp>
#include <latentcell/nn/time_embedding.hpp>

namespace LATENTCELL_NAMESPACE {

struct LatentUnetOptions {
  Index latent = 64;                           ///< D of the latent vector
  std::vector<Index> widths = {256, 128, 64};  ///< of the levels, from the outside in; more levels squeeze harder
  Index blocks = 1;                            ///< blocks of a level, on the way in and on the way out
  Index ratio = 2;                             ///< hidden width of a block, in widths
  Index condition = 128;                       ///< width of the condition vector
  Injection injection = Injection::adaln;      ///< how time and condition enter; no cross_attention
  float dropout = 0;                           ///< share dropped in each block; larger: stronger regularisation

  static void visit(auto& self, auto&& f) {
    f("latent", self.latent, fixed(at_least(1)));
    f("widths", self.widths, fixed(each(at_least(1), 1)));
    f("blocks", self.blocks, fixed(at_least(1)));
    f("ratio", self.ratio, fixed(at_least(1)));
    f("condition", self.condition, fixed(at_least(1)));
    f("injection", self.injection, fixed());
    f("dropout", self.dropout, in_half_open(0, 1));
  }
};

/// A U-Net whose levels are MLPs of falling width, with skip connections from encoder to decoder levels
/// (Ronneberger et al. 2015, without convolutions: a latent has no neighbourhoods).
template <class T>
struct LatentUnet {
  using Scalar = T;
  LatentUnetOptions options;
  Linear<T> embed;         // (widths[0], latent)
  TimeEmbedding<T> time;   // t -> widths[0]
  Linear<T> conditioning;  // (widths[0], condition)
  std::vector<MlpBlock<T>> in, middle, out;
  std::vector<Linear<T>> narrow;  // (widths[i + 1], widths[i])
  std::vector<Linear<T>> widen;   // (widths[i], widths[i + 1])
  std::vector<Linear<T>> join;    // (widths[i], 2 widths[i])
  Linear<T> last;                 // (latent, widths[0]), starts at zero

  LatentUnet(const LatentUnetOptions& o, Rng& rng)
      : options(check_options("LatentUnet", o)),
        embed(o.latent, o.widths[0], rng),
        time(o.widths[0], rng),
        conditioning(o.condition, o.widths[0], rng),
        last(Linear<T>::zero(o.widths[0], o.latent)) {
    const auto add_blocks = [&](std::vector<MlpBlock<T>>& to, Index width) {
      for (Index i = 0; i < o.blocks; ++i) {
        to.emplace_back(width, o.ratio * width, o.widths[0], o.injection, o.dropout, rng);
      }
    };
    for (std::size_t level = 0; level + 1 < o.widths.size(); ++level) {
      add_blocks(in, o.widths[level]);
      add_blocks(out, o.widths[level]);
      narrow.emplace_back(o.widths[level], o.widths[level + 1], rng);
      widen.emplace_back(o.widths[level + 1], o.widths[level], rng);
      join.emplace_back(2 * o.widths[level], o.widths[level], rng);
    }
    add_blocks(middle, o.widths.back());
  }

  /// The prediction at (z_t, t) under a condition.      z (B, latent), t (B) in [0, 1], condition (B, C) -> (B, latent)
  Var<T> operator()(Tape<T>& tape, Var<T> z, std::span<const T> t, Var<T> condition) const {
    LATENTCELL_REQUIRE(Index(t.size()) == z.rows() && condition.rows() == z.rows(), "LatentUnet: ", z.rows(),
                       " cells but ", t.size(), " times and condition ", condition.shape());
    const Var<T> c = silu(add(time(tape, t), conditioning(condition)));
    return last(layer_norm(level(0, embed(z), c), T(1e-6)));
  }

  static void visit(auto& self, auto&& f) {
    f("embed", self.embed);
    f("time", self.time);
    f("conditioning", self.conditioning);
    f("in", self.in);
    f("middle", self.middle);
    f("out", self.out);
    f("narrow", self.narrow);
    f("widen", self.widen);
    f("join", self.join);
    f("last", self.last);
  }

 private:
  // x through a level and all inside it.
  Var<T> level(std::size_t i, Var<T> x, Var<T> c) const {
    if (i == narrow.size()) {
      for (const MlpBlock<T>& block : middle) x = block(x, c);
      return x;
    }
    const std::size_t first = i * to_size(options.blocks), end = first + to_size(options.blocks);
    for (std::size_t b = first; b < end; ++b) x = in[b](x, c);
    Var<T> y = join[i](concat(x, widen[i](level(i + 1, narrow[i](x), c))));
    for (std::size_t b = first; b < end; ++b) y = out[b](y, c);
    return y;
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct LatentUnet<float>;
#endif

}  // namespace latentcell
