#pragma once

#include <cmath>
#include <vector>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/visit.hpp>
#include <latentcell/kernel/rows.hpp>

namespace latentcell {

struct AdamWOptions {
  float beta1 = 0.9f;          ///< memory of the mean gradient; larger is smoother and slower to turn
  float beta2 = 0.999f;        ///< memory of the mean squared gradient
  float epsilon = 1e-8f;       ///< added to the root; larger damps parameters with small gradients
  float weight_decay = 0.01f;  ///< share of each weight lost per step, times the rate; larger keeps weights smaller
};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2). Rates and decay are scaled by each
/// Param's own factors; frozen Params and those that took no part in the step stay as they are.
template <class T>
struct AdamW {
  AdamWOptions options;
  std::vector<Buffer<T>> mean;    // per Param, first moment
  std::vector<Buffer<T>> square;  // per Param, second moment
  Index steps = 0;

  explicit AdamW(AdamWOptions o = {}) : options(o) {}

  /// Makes the moments, zero, for a model; step() does so by itself.
  template <class Model>
  void prepare(const Model& model) {
    if (!mean.empty()) return;
    each_param(model, [&](const Param<T>& p) {
      mean.emplace_back(p.value.rows(), p.value.cols());
      square.emplace_back(p.value.rows(), p.value.cols());
    });
  }

  /// Moves each Param by its gradient on the tape, times `gradient_scale` (what clipping asks for).
  template <class Model>
  void step(Model& model, const Tape<T>& tape, T rate, T gradient_scale = T(1)) {
    prepare(model);
    ++steps;
    const T correct1 = T(1) / T(1 - std::pow(double(options.beta1), double(steps)));
    const T correct2 = T(1) / T(1 - std::pow(double(options.beta2), double(steps)));
    std::size_t i = 0;
    each_param(model, [&](Param<T>& p) {
      LATENTCELL_REQUIRE(i < mean.size() && mean[i].value.size() == p.value.size(),
                         "AdamW: the model is not the one that the moments belong to");
      if (const T* g = tape.grad(p); g != nullptr && !p.frozen) {
        update(p, g, mean[i].value.data(), square[i].value.data(), rate * p.learning_rate, gradient_scale, correct1,
               correct2);
      }
      ++i;
    });
  }

  static void visit(auto& self, auto&& f) {
    f("mean", self.mean);
    f("square", self.square);
  }

 private:
  void update(Param<T>& p, const T* g, T* m, T* v, T rate, T scale, T correct1, T correct2) const {
    const T b1 = T(options.beta1), b2 = T(options.beta2), eps = T(options.epsilon);
    const T keep = T(1) - rate * T(options.weight_decay) * p.weight_decay;
    T* x = p.value.data();
    kernel::each_element(p.value.size(), [=](Index i) {
      const T grad = g[i] * scale;
      m[i] = b1 * m[i] + (T(1) - b1) * grad;
      v[i] = b2 * v[i] + (T(1) - b2) * grad * grad;
      x[i] = keep * x[i] - rate * (m[i] * correct1) / (std::sqrt(v[i] * correct2) + eps);
    });
  }
};

}  // namespace latentcell
