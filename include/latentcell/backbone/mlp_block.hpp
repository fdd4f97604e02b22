#pragma once

#include <optional>
#include <span>

#include <latentcell/op/concat.hpp>
#include <latentcell/op/slice_columns.hpp>
#include <latentcell/backbone/injection.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/op/dropout.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/layer_norm.hpp>
#include <latentcell/op/modulate.hpp>

namespace LATENTCELL_NAMESPACE {

/// A residual block of an MLP under a condition:
///   adaln          x + gate down(gelu(up(norm(x) (1 + scale) + shift)))
///   film           x + down(gelu(up(norm(x)) (1 + scale) + shift))
///   concatenation  x + down(gelu(up([norm(x), c])))
template <class T>
struct MlpBlock {
  Injection injection;
  Linear<T> up;                  // (hidden, D), or (hidden, 2 D) by concatenation
  Linear<T> down;                // (D, hidden)
  std::optional<Linear<T>> ada;  // adaln (3 D, C), film (2 hidden, C); starts at zero
  T drop;

  MlpBlock(Index width, Index hidden, Index condition, Injection how, float dropout, Rng& rng)
      : injection(checked(how)),
        up(width + (how == Injection::concatenation ? condition : 0), hidden, rng),
        down(hidden, width, rng),
        drop(T(dropout)) {
    if (how == Injection::adaln) ada = Linear<T>::zero(condition, 3 * width);
    if (how == Injection::film) ada = Linear<T>::zero(condition, 2 * hidden);
  }

  /// x (B, D), c (B, C) after SiLU, or (U, C) and rows (B), which of them each cell has -> (B, D)
  Var<T> operator()(Var<T> x, Var<T> c, std::span<const int> rows = {}) const {
    const auto of_cells = [&](Var<T> each) { return rows.empty() ? each : embedding(each, rows); };
    const Var<T> n = layer_norm(x, T(1e-6));
    const auto branch = [&](Var<T> h) { return latentcell::dropout(down(gelu(h)), drop); };
    if (injection == Injection::concatenation) return add(x, branch(up(concat(n, of_cells(c)))));
    const Var<T> a = of_cells((*ada)(c));
    const Index w = injection == Injection::adaln ? x.cols() : a.cols() / 2;
    const Var<T> shift = slice_columns(a, 0, w), factor = slice_columns(a, w, w);
    if (injection == Injection::film) return add(x, branch(modulate(up(n), shift, factor)));
    return gated_add(x, slice_columns(a, 2 * w, w), branch(up(modulate(n, shift, factor))));
  }

  static void visit(auto& self, auto&& f) {
    f("drop", self.drop, in_half_open(0, 1));
    f("up", self.up);
    f("down", self.down);
    f("ada", self.ada);
  }

 private:
  static Injection checked(Injection how) {
    LATENTCELL_REQUIRE(how != Injection::cross_attention,
                       "MlpBlock: an MLP has no tokens that could attend to the condition; choose adaln, film or "
                       "concatenation, or a Dit");
    return how;
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct MlpBlock<float>;
#endif

}  // namespace latentcell
