#pragma once

#include <vector>

#include <latentcell/core/types.hpp>

namespace latentcell::perturbation {

/// Estimates per gene what several groups have in common (random effects: DerSimonian and Laird, "Meta-analysis in
/// clinical trials", 1986). A group's effect differs from the common one with standard deviation `between`, and the
/// common one from 0 with standard deviation `prior`. The weight of a group is bounded by 1 / between^2, however many
/// cells it has.
class RandomEffect {
 public:
  RandomEffect(Index genes, double between, double prior)
      : between_variance_(between * between), weight_(to_size(genes), 1 / (prior * prior)), sum_(to_size(genes), 0.0) {}

  /// Adds a group's measurement of slope times its effect, with the variance of its error.
  void add(Index gene, double value, double variance, double slope = 1) {
    const double weight = slope / (variance + between_variance_);
    sum_[to_size(gene)] += weight * value;
    weight_[to_size(gene)] += weight * slope;
  }

  /// Returns the posterior mean of the common effect, 0 without measurements.
  double mean(Index gene) const { return sum_[to_size(gene)] / weight_[to_size(gene)]; }

 private:
  double between_variance_;
  std::vector<double> weight_, sum_;
};

}  // namespace latentcell::perturbation
