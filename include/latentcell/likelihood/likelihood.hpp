#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <latentcell/likelihood/likelihood_input.hpp>
#include <latentcell/core/cell_batch.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/likelihood/moments_start.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/op/count_decoder.hpp>
#include <latentcell/op/count_loss.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/matmul.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a dispersion belongs to.
enum class Dispersion {
  gene,        ///< one per gene, a Param
  gene_batch,  ///< one per gene and level of the batch covariate, a Param; the mean of their logs where unknown
  gene_cell,   ///< one per cell and gene, another head of the decoder
};

struct LikelihoodOptions {
  Dispersion dispersion = Dispersion::gene;
  float dispersion_rate = 5.0f;  ///< learning rate of dispersions per gene, relative to the weights

  static void visit(auto& self, auto&& f) {
    f("dispersion", self.dispersion, fixed());
    f("dispersion_rate", self.dispersion_rate, at_least(0));
  }
};

/// An observation model of counts (or of log-normalised values, the Gaussian) whose parameters come from decoder heads:
/// the linear predictor of the mean, then the log dispersion where it is per cell, then the zero inflation's logit.
/// Parameters of scVI (Lopez et al. 2018); negative binomial with mean mu and variance mu + mu^2 / theta.
template <class T, Family family_>
struct CountLikelihood {
  static constexpr Family family = family_;
  static constexpr bool has_dispersion = latentcell::has_dispersion(family);
  static constexpr bool zero_inflated = family == Family::zero_inflated_negative_binomial;
  static constexpr bool draws_counts = family != Family::gaussian;
  static constexpr bool draws_molecules = counts_molecules(family);

  LikelihoodOptions options;
  Param<T> log_theta;  // (1 or levels, G): log dispersion, or log sigma of the Gaussian; no columns where per cell

  explicit CountLikelihood(Index genes, LikelihoodOptions o = {}, Index batch_covariate_levels = 0)
      : options(check_options("likelihood", o)),
        log_theta(o.dispersion == Dispersion::gene_batch ? batch_covariate_levels : 1, per_gene(o) ? genes : 0) {
    LATENTCELL_REQUIRE(has_dispersion || o.dispersion == Dispersion::gene,
                       family == Family::poisson ? "Poisson" : "Bernoulli",
                       ": has no dispersion to put per cell or level of the batch covariate");
    LATENTCELL_REQUIRE(o.dispersion != Dispersion::gene_batch || batch_covariate_levels > 0,
                       "likelihood: Dispersion::gene_batch needs an autoencoder with a batch covariate; set its "
                       "batch_covariate_levels, or choose Dispersion::gene");
    log_theta.weight_decay = T(0);
    log_theta.learning_rate = T(o.dispersion_rate);
  }

  bool per_batch_covariate() const { return has_dispersion && options.dispersion == Dispersion::gene_batch; }
  /// Outputs of the decoder per gene.
  Index heads() const { return 1 + (cell_dispersion() ? 1 : 0) + (zero_inflated ? 1 : 0); }
  bool cell_dispersion() const { return has_dispersion && options.dispersion == Dispersion::gene_cell; }

  /// Gives the heads the learning rates that the likelihood asks for; once, when they are made.
  void set_rates(std::vector<Linear<T>>& head) const {
    if (cell_dispersion()) head[1].bias.learning_rate = T(options.dispersion_rate);
  }

  /// Puts gene levels into the heads' biases and dispersions at the genes' moments.     counts (N, G)
  void start(const CountRows& counts, std::vector<Linear<T>>& head, double reference) {
    start_at(gene_moments(counts, family, reference), head);
  }
  /// The same from sums over the cells; the Gaussian's are of other values.
  void start(const GeneSums& sums, std::vector<Linear<T>>& head,
             double reference) requires(family != Family::gaussian) {
    start_at(gene_moments(sums, family, reference), head);
  }

  /// Predictors from the decoder's outputs, in the order of the heads.
  /// shares (B, levels) of the batch covariate, for per_batch_covariate() alone
  CountPredictors<T> predictors(Tape<T>& tape, std::span<const Var<T>> out, Var<T> shares = {}) const {
    LATENTCELL_REQUIRE(Index(out.size()) == heads(), "likelihood: ", out.size(), " outputs but ", heads(), " heads");
    CountPredictors<T> p;
    p.eta = out[0];
    if (cell_dispersion()) p.log_theta = clamp(out[1], T(-9), T(14));
    if (per_gene(options)) p.log_theta = tape.watch(log_theta);
    if (per_batch_covariate()) p.log_theta = clamp(matmul(shares, p.log_theta), T(-9), T(14));
    if (zero_inflated) p.logit_pi = out[out.size() - 1];
    return p;
  }

  /// The heads as count_decoder takes them.
  DecoderHeads<T> decoder_heads(Tape<T>& tape, const std::vector<Linear<T>>& head, Var<T> shares = {}) const {
    LATENTCELL_REQUIRE(Index(head.size()) == heads(), "likelihood: ", head.size(), " heads but needs ", heads());
    const auto layer = [&](const Linear<T>& l) {
      return typename DecoderHeads<T>::Layer{tape.watch(l.weight), tape.watch(l.bias)};
    };
    DecoderHeads<T> out;
    out.mean = layer(head.front());
    if (cell_dispersion()) out.dispersion = layer(head[1]);
    if (per_gene(options)) out.log_theta = tape.watch(log_theta);
    if (per_batch_covariate()) out.theta_share = shares;
    if (zero_inflated) out.inflation = layer(head.back());
    return out;
  }

  /// -sum over the cells of weight * log p(counts | heads(hidden)); log_prob (B), where given, gets each cell's value.
  Var<T> nll(Tape<T>& tape, const std::vector<Linear<T>>& head, const LikelihoodInput<T>& in, T* log_prob) const {
    return count_decoder(family, in.link, in.hidden, decoder_heads(tape, head, in.shares), in.targets, log_prob);
  }

  /// Moments of count x given plain predictors of one cell and gene.  mean > 0, of the Bernoulli also < 1
  T mean(T mu, T logit_pi = T(0)) const { return zero_inflated ? kernel::zinb_mean(mu, logit_pi) : mu; }
  T variance(T mu, T log_dispersion, T logit_pi = T(0)) const {
    if constexpr (family == Family::poisson) return mu;
    if constexpr (family == Family::bernoulli) return mu * (T(1) - mu);
    if constexpr (family == Family::gaussian) return std::exp(T(2) * log_dispersion);
    const T theta = std::exp(log_dispersion);
    return zero_inflated ? kernel::zinb_variance(mu, theta, logit_pi) : kernel::nb_variance(mu, theta);
  }

  /// One draw; for the Gaussian a log-normalised value.     mu > 0
  double draw(double mu, double log_dispersion, double logit_pi, Rng& rng) const {
    if constexpr (family == Family::gaussian) return draw_normal(mu, std::exp(log_dispersion), rng);
    if constexpr (family == Family::poisson) return draw_poisson(mu, rng);
    if constexpr (family == Family::bernoulli) return rng.uniform_double() < mu ? 1.0 : 0.0;
    if constexpr (zero_inflated) {
      if (rng.uniform_double() < 1.0 / (1.0 + std::exp(-logit_pi))) return 0.0;
    }
    return draw_negative_binomial(mu, std::exp(log_dispersion), rng);
  }

  static void visit(auto& self, auto&& f) { f("log_theta", self.log_theta); }

 private:
  void start_at(const GeneMoments& m, std::vector<Linear<T>>& head) {
    for (Index g = 0; g < Index(m.level.size()); ++g) {
      const double level = m.level[to_size(g)];
      head[0].bias.value(0, g) = T(family == Family::gaussian ? level : std::log(level));
      if (per_gene(options)) log_theta.value.col(g).setConstant(T(m.log_dispersion[to_size(g)]));
      if (cell_dispersion()) head[1].bias.value(0, g) = T(m.log_dispersion[to_size(g)]);
      if (zero_inflated) head[to_size(heads() - 1)].bias.value(0, g) = T(-3);
    }
  }

  // Whether log_theta is in use: per gene alone, or per gene and level of the batch covariate.
  static bool per_gene(const LikelihoodOptions& o) { return has_dispersion && o.dispersion != Dispersion::gene_cell; }
};

template <class T>
using NegativeBinomial = CountLikelihood<T, Family::negative_binomial>;
template <class T>
using ZeroInflatedNegativeBinomial = CountLikelihood<T, Family::zero_inflated_negative_binomial>;
template <class T>
using Poisson = CountLikelihood<T, Family::poisson>;
template <class T>
using Gaussian = CountLikelihood<T, Family::gaussian>;
/// Whether there is a count at all: chromatin accessibility (as in PeakVI, Ashuach et al. 2022). The logit rises with
/// the log library size.
template <class T>
using Bernoulli = CountLikelihood<T, Family::bernoulli>;

}  // namespace latentcell
