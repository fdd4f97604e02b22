#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/nn/init.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/gaussian.hpp>
#include <latentcell/op/log_normal.hpp>
#include <latentcell/op/reduce.hpp>

namespace LATENTCELL_NAMESPACE {

/// Prior of the latent.
enum class Prior {
  normal,   ///< the standard normal, around a mean of its own for each label where there are labels
  mixture,  ///< a learned mixture of normal distributions
  vamp,  ///< the mixture of the posteriors of learned pseudo-cells (Tomczak and Welling, "VAE with a VampPrior", 2018)
};

struct PriorOptions {
  Prior kind = Prior::normal;
  Index labels = 0;       ///< normal only; levels of a label whose cells share a prior mean; 0: one prior, at zero
  Index components = 32;  ///< of mixture and vamp. Larger: finer groups of cells

  static void visit(auto& self, auto&& f) {
    f("kind", self.kind, fixed());
    f("labels", self.labels, fixed(at_least(0)));
    f("components", self.components, fixed(at_least(1)));
  }
};

/// The prior of a variational autoencoder.
template <class T>
struct LatentPrior {
  PriorOptions options;
  Param<T> mean;          // (labels, D) or, of a mixture, (components, D)
  Param<T> log_variance;  // (components, D) of a mixture
  Param<T> logit;         // (1, components) of the shares of mixture and vamp
  Param<T> pseudo;        // (components, G) of vamp: log1p of scaled counts

  LatentPrior(const PriorOptions& o, Index latent, Index genes, Rng& rng)
      : options(check_options("prior", o)),
        mean(o.kind == Prior::normal    ? o.labels
             : o.kind == Prior::mixture ? o.components
                                        : 0,
             latent),
        log_variance(o.kind == Prior::mixture ? o.components : 0, latent),
        logit(1, o.kind == Prior::normal ? 0 : o.components),
        pseudo(o.kind == Prior::vamp ? o.components : 0, genes) {
    LATENTCELL_REQUIRE(o.kind == Prior::normal || o.labels == 0,
                       "Vae: a mixture prior finds groups of its own and takes no labels; choose Prior::normal with "
                       "labels, or no labels");
    if (o.kind == Prior::mixture) init_normal(mean, T(1), rng);
    for (Param<T>* p : {&mean, &log_variance, &logit, &pseudo}) p->weight_decay = T(0);
    for (Param<T>* p : {&mean, &log_variance, &logit}) p->learning_rate = T(3);
  }

  /// Returns the prior means of cells by label; zero where the label is missing.     label (B) -> (B, D)
  Var<T> label_means(Tape<T>& tape, Index cells, std::span<const int> label) const {
    const Index d = mean.value.cols();
    int* const row = tape.template scratch_of<int>(cells);
    T* const observed = tape.scratch(cells * d);
    for (Index b = 0; b < cells; ++b) {
      const int code = label.empty() ? -1 : label[to_size(b)];
      row[b] = std::max(code, 0);
      std::fill_n(observed + b * d, d, code < 0 ? T(0) : T(1));
    }
    return mul(embedding(tape.watch(mean), std::span<const int>(row, to_size(cells))),
               tape.constant(ConstView<T>(observed, cells, d)));
  }

  /// Standard deviations of a mixture's components.     -> (components, D)
  Matrix<T> deviations() const {
    return (log_variance.value.array().max(least_log_variance).min(most_log_variance) * T(0.5)).exp();
  }

  /// log p(z) of each cell.     z (B, D), label (B) or empty; of vamp the pseudo-cells' posteriors (components, D)
  /// -> (B, 1)
  Var<T> log_prob(Tape<T>& tape, Var<T> z, std::span<const int> label, Var<T> vamp_mean = {},
                  Var<T> vamp_log_variance = {}) const {
    if (options.kind == Prior::mixture)
      return log_normal_mixture(z, tape.watch(mean), clamped(tape.watch(log_variance)), tape.watch(logit));
    if (options.kind == Prior::vamp) return log_normal_mixture(z, vamp_mean, vamp_log_variance, tape.watch(logit));
    T* const zero = tape.scratch(z.shape().size());
    std::fill_n(zero, z.shape().size(), T(0));
    const Var<T> none = tape.constant(ConstView<T>(zero, z.rows(), z.cols()));
    return log_normal(z, options.labels > 0 ? label_means(tape, z.rows(), label) : none, none);
  }

  static void visit(auto& self, auto&& f) {
    f("mean", self.mean);
    f("log_variance", self.log_variance);
    f("logit", self.logit);
    f("pseudo", self.pseudo);
  }

 private:
  static constexpr T least_log_variance = T(-8), most_log_variance = T(6);
  static Var<T> clamped(Var<T> log_variance) { return clamp(log_variance, least_log_variance, most_log_variance); }
};

}  // namespace latentcell
