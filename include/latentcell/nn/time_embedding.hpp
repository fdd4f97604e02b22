#pragma once

#include <cmath>
#include <numbers>
#include <span>

#include <latentcell/nn/linear.hpp>
#include <latentcell/op/elementwise.hpp>

namespace LATENTCELL_NAMESPACE {

/// Time on [0, 1] to a vector: sinusoids of falling frequency, then Linear, SiLU, Linear (Peebles and Xie 2023).
template <class T>
struct TimeEmbedding {
  static constexpr Index frequencies = 64;  // as many sines and as many cosines
  Linear<T> first;                          // (D, 2 * frequencies)
  Linear<T> second;                         // (D, D)

  TimeEmbedding(Index width, Rng& rng) : first(2 * frequencies, width, rng), second(width, width, rng) {}

  /// t (B) in [0, 1] -> (B, D)
  Var<T> operator()(Tape<T>& tape, std::span<const T> t) const {
    const Index batch = Index(t.size());
    T* waves = tape.scratch(batch * 2 * frequencies);
    // Angles reach 1,000, where a float's own rounding is 3e-5: they are worked out in double and brought into one
    // turn.
    constexpr double turn = 2 * std::numbers::pi;
    double rate[frequencies];
    for (Index k = 0; k < frequencies; ++k) rate[k] = 1000 * std::exp(-std::log(1e4) * double(k) / double(frequencies));
    for (Index b = 0; b < batch; ++b) {
      for (Index k = 0; k < frequencies; ++k) {
        const double whole = rate[k] * double(t[to_size(b)]);
        const T angle = T(whole - turn * std::nearbyint(whole / turn));
        waves[b * 2 * frequencies + k] = std::cos(angle);
        waves[b * 2 * frequencies + frequencies + k] = std::sin(angle);
      }
    }
    return second(silu(first(tape.constant(ConstView<T>(waves, batch, 2 * frequencies)))));
  }

  static void visit(auto& self, auto&& f) {
    f("first", self.first);
    f("second", self.second);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct TimeEmbedding<float>;
#endif

}  // namespace latentcell
