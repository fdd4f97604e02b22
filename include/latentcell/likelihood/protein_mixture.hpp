#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/likelihood/likelihood_input.hpp>
#include <latentcell/likelihood/likelihood.hpp>
#include <latentcell/op/gaussian.hpp>
#include <latentcell/op/protein_loss.hpp>

namespace LATENTCELL_NAMESPACE {

/// Antibody counts of a protein: background that every cell shows and foreground of the cells that have it, negative
/// binomial both (totalVI, Gayoso et al. 2021). Heads: mean and log deviation of the log background, how far the
/// foreground lies above it, and the logit of the background's share. The log background of a cell is drawn and held to
/// a normal distribution per protein that is learned. Library sizes play no part: a protein's background does.
template <class T>
struct ProteinMixture {
  static constexpr bool draws_counts = true;
  static constexpr bool draws_molecules = false;

  LikelihoodOptions options;
  Param<T> log_theta;               // (1, P)
  Param<T> background, log_spread;  // (1, P) prior of the log background: mean and log standard deviation

  explicit ProteinMixture(Index proteins, LikelihoodOptions o = {}, Index = 0)
      : options(check_options("likelihood", o)),
        log_theta(1, proteins),
        background(1, proteins),
        log_spread(1, proteins) {
    LATENTCELL_REQUIRE(o.dispersion == Dispersion::gene,
                       "ProteinMixture: has one dispersion per protein; choose Dispersion::gene");
    for (Param<T>* p : {&log_theta, &background, &log_spread}) {
      p->weight_decay = T(0);
      p->learning_rate = T(o.dispersion_rate);
    }
  }

  Index heads() const { return 4; }
  bool per_batch_covariate() const { return false; }
  void set_rates(std::vector<Linear<T>>&) const {}

  /// Background and foreground start at the means of the lower and upper half of each protein's cells.    counts (N, P)
  void start(const CountsView& counts, std::vector<Linear<T>>& head, double) {
    std::vector<std::vector<double>> values(to_size(counts.cols));
    for (Index b = 0; b < counts.rows; ++b) {
      for (std::size_t k = 0; k < counts.row_columns(b).size(); ++k)
        values[std::size_t(counts.row_columns(b)[k])].push_back(double(counts.row_values(b)[k]));
    }
    for (Index j = 0; j < counts.cols; ++j) {
      std::vector<double>& x = values[to_size(j)];
      x.resize(std::max<std::size_t>(to_size(counts.rows), 2), 0.0);
      std::sort(x.begin(), x.end());
      const std::size_t half = x.size() / 2;
      double low = 0, high = 0;
      for (std::size_t i = 0; i < x.size(); ++i) (i < half ? low : high) += x[i];
      low = low / double(half) + 0.1;
      high = high / double(x.size() - half) + 0.2;
      const double above = std::max(0.1, high / low - 1);  // softplus(head) + 1 is foreground over background
      background.value(0, j) = head[0].bias.value(0, j) = T(std::log(low));
      log_spread.value(0, j) = head[1].bias.value(0, j) = T(std::log(0.5));
      head[2].bias.value(0, j) = T(above > 20 ? above : std::log(std::expm1(above)));
    }
  }

  struct Predictors : ProteinPredictors<T> {
    Var<T> mean, log_deviation;  // (B, P) of the log background
  };
  /// In training the background is drawn, else it is its mean.     out: heads (B, P)
  Predictors predictors(Tape<T>& tape, std::span<const Var<T>> out, Var<T> = {}) const {
    LATENTCELL_REQUIRE(Index(out.size()) == heads(), "ProteinMixture: ", out.size(), " outputs but ", heads(),
                       " heads");
    Predictors p;
    p.mean = clamp(out[0], T(-12), T(14));
    p.log_deviation = clamp(out[1], T(-5), T(2));
    p.log_background = tape.mode() == Mode::train ? reparameterize(p.mean, scale(p.log_deviation, T(2))) : p.mean;
    p.log_foreground = add(p.log_background, log1p(softplus(out[2])));
    p.logit_background = out[3];
    p.log_theta = clamp(tape.watch(log_theta), T(-9), T(14));
    return p;
  }

  /// As CountLikelihood::nll, with the KL of the backgrounds to their prior.
  Var<T> nll(Tape<T>& tape, const std::vector<Linear<T>>& head, const LikelihoodInput<T>& in, T* log_prob) const {
    const CountTargets<T>& x = in.targets;
    std::vector<Var<T>> out;
    for (const Linear<T>& h : head) out.push_back(h(in.hidden));
    const Predictors p = predictors(tape, out);
    return add(protein_loss<T>(p, x.counts, x.weight, log_prob),
               kl_normal(p.mean, p.log_deviation, tape.watch(background), clamp(tape.watch(log_spread), T(-5), T(2)),
                         x.weight));
  }

  /// Mean of a count given plain predictors.
  static T mean(T log_background, T log_foreground, T logit_background) {
    const T share = T(1) / (T(1) + std::exp(-logit_background));
    return share * std::exp(log_background) + (T(1) - share) * std::exp(log_foreground);
  }
  /// One draw.
  static double draw(double log_background, double log_foreground, double logit_background, double log_theta,
                     Rng& rng) {
    const bool back = rng.uniform_double() * (1.0 + std::exp(-logit_background)) < 1.0;
    return draw_negative_binomial(std::exp(back ? log_background : log_foreground), std::exp(log_theta), rng);
  }
  /// The counts of one cell, its log backgrounds drawn too.     row of the predictors
  void draw_row(const Predictors& p, Index row, Rng& rng, std::vector<std::int32_t>& columns,
                std::vector<float>& values) const {
    for (Index j = 0; j < p.mean.cols(); ++j) {
      const double lift = double(p.log_foreground.value()(row, j) - p.log_background.value()(row, j));
      const double base =
          draw_normal(double(p.mean.value()(row, j)), std::exp(double(p.log_deviation.value()(row, j))), rng);
      const double x =
          draw(base, base + lift, double(p.logit_background.value()(row, j)), double(p.log_theta.value()(0, j)), rng);
      if (x == 0) continue;
      columns.push_back(std::int32_t(j));
      values.push_back(float(x));
    }
  }

  static void visit(auto& self, auto&& f) {
    f("log_theta", self.log_theta);
    f("background", self.background);
    f("log_spread", self.log_spread);
  }
};

}  // namespace latentcell
