#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/kernel/rows.hpp>

namespace latentcell {

/// Exponential moving average of the weights, with the usual early correction: the decay of step n is at most
/// (1 + n) / (10 + n), so that the first steps do not weigh for ever. AdamW::step moves it in its own pass.
template <class T>
struct Ema {
  double decay = 0;                ///< memory; larger averages over more steps, 0 is off
  std::vector<Buffer<T>> average;  // per Param
  Index steps = 0;

  explicit Ema(double decay_ = 0) : decay(decay_) {
    LATENTCELL_REQUIRE(decay >= 0 && decay < 1, "Ema: decay must lie in [0, 1), got ", decay);
  }

  bool on() const { return decay > 0; }

  template <class Model>
  void prepare(const Model& model) {
    if (!on() || !average.empty()) return;
    each_param(model, [&](const Param<T>& p) { average.emplace_back().value = p.value; });
  }

  /// Counts a step; gives the share of the way to the weights that the average goes in it.
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

  /// Moves the average by itself, for loops without AdamW.
  template <class Model>
  void update(const Model& model) {
    if (!on()) return;
    prepare(model);
    const T share = T(advance());
    std::size_t i = 0;
    each_param(model, [&](const Param<T>& p) { move(i++, p, share); });
  }

  /// Exchanges the model's weights and the average; calling it again brings them back.
  template <class Model>
  void swap(Model& model) {
    if (!on() || average.empty()) return;
    std::size_t i = 0;
    each_param(model, [&](Param<T>& p) { p.value.swap(average[i++].value); });
  }

  /// Gives the model the averaged weights.
  template <class Model>
  void copy_to(Model& model) const {
    if (!on() || average.empty()) return;
    std::size_t i = 0;
    each_param(model, [&](Param<T>& p) { p.value = average[i++].value; });
  }

  static void visit(auto& self, auto&& f) { f("average", self.average); }
};

#ifdef LATENTCELL_INSTANCES
extern template struct Ema<float>;
#endif

}  // namespace latentcell
