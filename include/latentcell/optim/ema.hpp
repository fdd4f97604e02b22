#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// Exponential moving average of the weights. The decay of step n is at most (1 + n) / (10 + n), so that the initial
/// weights are forgotten early. AdamW::step updates it in the same pass over memory.
template <class T>
struct Ema {
  double decay = 0;                ///< [0, 1); 0: off. Larger: averages over more steps
  std::vector<Buffer<T>> average;  // per Param
  Index steps = 0;

  explicit Ema(double decay_ = 0) : decay(decay_) {
    LATENTCELL_REQUIRE(decay >= 0 && decay < 1, "Ema: decay must lie in [0, 1), got ", decay);
  }

  bool on() const { return decay > 0; }

  void prepare(const Params<T>& params) {
    if (on() && average.empty()) copy_values(params, average);
  }

  /// Counts a step. Returns the share by which the average moves towards the weights in it.
  double advance() {
    ++steps;
    return 1 - std::min(decay, double(1 + steps) / double(10 + steps));
  }

  /// Moves the average of Param i by `share` of the way to its value.
  void move(std::size_t i, const Param<T>& p, T share) {
    T* const to = average[i].value.data();
    const T* const from = p.value.data();
    kernel::each_element(
        p.value.size(), [=](Index k) __attribute__((always_inline)) { to[k] += share * (from[k] - to[k]); });
  }

  /// Updates the average, for loops without AdamW.
  void update(const Params<T>& params) {
    if (!on()) return;
    prepare(params);
    const T share = T(advance());
    for (std::size_t i = 0; i < params.size(); ++i) move(i, params[i], share);
  }

  /// Swaps the model's weights and the average; a second call restores them.
  void swap(const Params<T>& params) {
    if (!on() || average.empty()) return;
    for (std::size_t i = 0; i < params.size(); ++i) params[i].value.swap(average[i].value);
  }

  /// Copies the average to the model.
  void copy_to(const Params<T>& params) const {
    if (on() && !average.empty()) set_values(params, average);
  }

  static void visit(auto& self, auto&& f) { f("average", self.average); }
};

#ifdef LATENTCELL_INSTANCES
extern template struct Ema<float>;
#endif

}  // namespace latentcell
