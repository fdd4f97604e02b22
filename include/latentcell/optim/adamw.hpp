#pragma once

#include <cmath>
#include <vector>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/autodiff/tape.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/kernel/optimizer.hpp>
#include <latentcell/optim/ema.hpp>

namespace LATENTCELL_NAMESPACE {

struct AdamWOptions {
  float beta1 = 0.9f;          ///< decay of the mean gradient, [0, 1). Larger: smoother, slower to change direction
  float beta2 = 0.999f;        ///< decay of the mean squared gradient, [0, 1)
  float epsilon = 1e-8f;       ///< added to the root. Larger: smaller steps where gradients are small
  float weight_decay = 0.01f;  ///< decoupled decay per step, times the rate. Larger: smaller weights

  static void visit(auto& self, auto&& f) {
    f("beta1", self.beta1, in_half_open(0, 1));
    f("beta2", self.beta2, in_half_open(0, 1));
    f("epsilon", self.epsilon, above(0));
    f("weight_decay", self.weight_decay, at_least(0));
  }
};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2). Each Param's factors scale rate and
/// decay. Frozen Params and Params without a gradient are unchanged.
template <class T>
struct AdamW {
  AdamWOptions options;
  std::vector<Buffer<T>> mean;    // per Param, first moment
  std::vector<Buffer<T>> square;  // per Param, second moment
  Index steps = 0;

  explicit AdamW(AdamWOptions o = {}) : options(check_options("AdamW", o)) {}

  /// Allocates zero moments for a model; step() does so when needed.
  void prepare(const Params<T>& params) {
    if (!mean.empty()) return;
    for (const Param<T>* p : params) {
      mean.emplace_back(p->value.rows(), p->value.cols());
      square.emplace_back(p->value.rows(), p->value.cols());
    }
  }

  /// Updates each Param by its gradient on the tape times `gradient_scale` (of clipping). The same pass over memory
  /// updates the moving average, if there is one and it is on.
  void step(const Params<T>& params, const Tape<T>& tape, T rate, T gradient_scale = T(1), Ema<T>* average = nullptr) {
    prepare(params);
    LATENTCELL_REQUIRE(params.size() == mean.size(), "AdamW: the model is not the one that the moments belong to");
    ++steps;
    const bool averages = average != nullptr && average->on();
    if (averages) average->prepare(params);
    kernel::AdamWStep<T> s{.rate = rate,
                           .keep = T(1),
                           .beta1 = T(options.beta1),
                           .beta2 = T(options.beta2),
                           .epsilon = T(options.epsilon),
                           .correct1 = correction(options.beta1),
                           .correct2 = correction(options.beta2),
                           .gradient_scale = gradient_scale,
                           .average = averages ? T(average->advance()) : T(0)};
    for (std::size_t i = 0; i < params.size(); ++i) {
      Param<T>& p = params[i];
      const Index n = p.value.size();
      LATENTCELL_REQUIRE(mean[i].value.size() == n, "AdamW: the model is not the one that the moments belong to");
      T* const to = averages ? average->average[i].value.data() : nullptr;
      if (const T* g = tape.grad(p); g != nullptr && !p.frozen) {
        s.rate = rate * p.learning_rate;
        s.keep = T(1) - s.rate * T(options.weight_decay) * p.weight_decay;
        kernel::adamw(n, s, g, p.value.data(), mean[i].value.data(), square[i].value.data(), to);
      } else if (averages) {
        average->move(i, p, s.average);
      }
    }
  }

  static void visit(auto& self, auto&& f) {
    f("mean", self.mean);
    f("square", self.square);
  }

 private:
  T correction(float beta) const { return T(1) / T(1 - std::pow(double(beta), double(steps))); }
};

#ifdef LATENTCELL_INSTANCES
extern template struct AdamW<float>;
#endif

}  // namespace latentcell
