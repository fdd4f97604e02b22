#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// Sets a share of the numbers to zero and scales the rest by 1 / (1 - share) while the tape trains; otherwise x
/// itself (Srivastava et al. 2014).     x (...) -> (...), share in [0, 1)
template <class T>
Var<T> dropout(Var<T> x, T share) {
  LATENTCELL_REQUIRE(share >= T(0) && share < T(1), "dropout: share must lie in [0, 1), got ", share);
  Tape<T>& tape = x.tape();
  if (share == T(0) || tape.mode() != Mode::train) return x;
  Var<T> y = tape.alloc(x.shape(), x);
  const Index n = x.shape().size();
  T* mask = tape.scratch(n);
  const T kept = T(1) / (T(1) - share);
  const std::uint32_t bar = std::uint32_t(double(share) * 4294967296.0);
  const Rng::State at = tape.rng().fork().state();
  const T* in = x.value().data();
  T* out = y.out().data();
  kernel::parallel_ranges((n + 3) / 4, kernel::grain_of(8), [=](Index first, Index last) {
    for (Index i = 4 * first; i < std::min(4 * last, n); i += 4) {
      const auto bits = Philox::block(at.seed, at.stream, std::uint64_t(i / 4));
      for (Index k = i; k < std::min(i + 4, n); ++k) {
        mask[k] = bits[to_size(k - i)] < bar ? T(0) : kept;
        out[k] = in[k] * mask[k];
      }
    }
  });
  tape.on_backward(y, [=] {
    const T* g = y.upstream().data();
    auto slot = x.slot();
    T* to = slot.grad.data();
    kernel::each_element(
        n, [ =, add = slot.add ](Index i)
               __attribute__((always_inline)) { to[i] = add ? to[i] + g[i] * mask[i] : g[i] * mask[i]; });
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> dropout<float>(Var<float> x, float share);
#endif

}  // namespace latentcell
