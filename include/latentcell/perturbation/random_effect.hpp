#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Estimates per gene what several groups have in common (random effects: DerSimonian and Laird, "Meta-analysis in
/// clinical trials", 1986). A group's effect differs from the common one with standard deviation `between`, and the
/// common one from 0 with standard deviation `prior`. The weight of a group is bounded by 1 / between^2, however many
/// cells and measurements it has.
class RandomEffect {
 public:
  RandomEffect(Index genes, double between, double prior)
      : genes_(genes), between_variance_(between * between), prior_precision_(1 / (prior * prior)) {}

  /// A value of slope times the group's effect, with the variance of its error, above 0.
  struct Measurement {
    double value, variance, slope = 1;
  };

  /// Adds a measurement of a group's effect on a gene. Those of one group share its effect.
  void add(Index group, Index gene, const Measurement& m) {
    LATENTCELL_REQUIRE(m.variance > 0, "RandomEffect: the variance must be above 0, got ", m.variance);
    if (to_size(group) >= of_group_.size()) of_group_.resize(to_size(group) + 1);
    std::vector<Sums>& own = of_group_[to_size(group)];
    if (own.empty()) own.resize(to_size(genes_));
    own[to_size(gene)].value += m.slope * m.value / m.variance;
    own[to_size(gene)].precision += m.slope * m.slope / m.variance;
  }

  /// Returns the posterior mean of the common effect, 0 without measurements.
  ///
  /// without: groups that are not used
  double mean(Index gene, const std::vector<Index>& without = {}) const {
    double sum = 0, weight = prior_precision_;
    for (std::size_t g = 0; g < of_group_.size(); ++g) {
      const std::vector<Sums>& own = of_group_[g];
      if (own.empty() || std::find(without.begin(), without.end(), Index(g)) != without.end()) continue;
      // A group's estimate, value / precision, differs from the common effect with variance 1 / precision + between^2.
      const Sums& of = own[to_size(gene)];
      const double share = 1 / (1 + between_variance_ * of.precision);
      sum += share * of.value;
      weight += share * of.precision;
    }
    return sum / weight;
  }

 private:
  struct Sums {
    double value = 0, precision = 0;
  };
  Index genes_;
  double between_variance_, prior_precision_;
  std::vector<std::vector<Sums>> of_group_;  // (groups) of (genes), empty without measurements
};

}  // namespace latentcell::perturbation
