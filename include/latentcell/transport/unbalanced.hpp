#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE {

/// Settings of unbalanced_sinkhorn.
struct UnbalancedOptions {
  double epsilon = 0.05;           ///< entropy weight, in units of the mean cost; larger is smoother
  double marginal_relaxation = 1;  ///< weight of the marginals, in units of the mean cost; larger keeps them better
  double tolerance = 1e-6;  ///< largest change of a potential, in units of epsilon, at which the plan has converged
  Index iterations = 5000;  ///< updates of rows and columns at most

  static void visit(auto& self, auto&& f) {
    f("epsilon", self.epsilon, above(0));
    f("marginal_relaxation", self.marginal_relaxation, above(0));
    f("tolerance", self.tolerance, above(0));
    f("iterations", self.iterations, at_least(1));
  }
};

/// A coupling whose marginals may differ from equal weights: cells that divide or die, and cells without a counterpart.
struct UnbalancedPlan {
  Matrix<double> plan;         ///< (N, M), entries >= 0
  std::vector<double> growth;  ///< (N) mass that a row sends, relative to the equal weight 1 / N
  Index iterations = 0;
  bool converged = false;
};

/// Entropic transport between equal weights with both marginals held by a Kullback-Leibler penalty in place of a
/// constraint: minimises <plan, cost> + marginal_relaxation KL(row sums | 1/N) + marginal_relaxation KL(column sums |
/// 1/M) - epsilon entropy, costs in units of their mean (Chizat, Peyre, Schmitzer and Vialard 2018, "Scaling algorithms
/// for unbalanced optimal transport problems", in logarithms throughout).     cost (N, M), finite
inline UnbalancedPlan unbalanced_sinkhorn(ConstView<float> cost, const UnbalancedOptions& options = {}) {
  const Index n = cost.rows(), m = cost.cols();
  LATENTCELL_REQUIRE(n > 0 && m > 0, "unbalanced_sinkhorn: needs a cost, got (", n, ", ", m, ")");
  check_options("unbalanced_sinkhorn", options);
  double mean = 0;
  for (Index k = 0; k < cost.size(); ++k) mean += std::abs(double(cost.data()[k])) / double(cost.size());
  LATENTCELL_REQUIRE(std::isfinite(mean), "unbalanced_sinkhorn: cost has entries that are not finite");
  // Potentials and costs in units of epsilon.
  const double unit = options.epsilon * (mean > 0 ? mean : 1.0),
               damp = options.marginal_relaxation / (options.marginal_relaxation + options.epsilon);
  std::vector<double> f(to_size(n), 0.0), g(to_size(m), 0.0), old;
  const auto update = [&](std::vector<double>& to, const std::vector<double>& from, double log_weight, auto at) {
    const Index count = Index(from.size());
    kernel::parallel_ranges(Index(to.size()), kernel::grain_of(16 * count), [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        double top = -std::numeric_limits<double>::infinity(), sum = 0;
        for (Index j = 0; j < count; ++j) top = std::max(top, from[to_size(j)] - at(i, j));
        for (Index j = 0; j < count; ++j) sum += std::exp(from[to_size(j)] - at(i, j) - top);
        to[to_size(i)] = damp * (log_weight - std::log(sum) - top);
      }
    });
  };
  UnbalancedPlan out;
  while (out.iterations < options.iterations && !out.converged) {
    old = f;
    update(f, g, -std::log(double(n)), [&](Index i, Index j) { return double(cost(i, j)) / unit; });
    update(g, f, -std::log(double(m)), [&](Index j, Index i) { return double(cost(i, j)) / unit; });
    ++out.iterations;
    double moved = 0;
    for (std::size_t i = 0; i < f.size(); ++i) moved = std::max(moved, std::abs(f[i] - old[i]));
    out.converged = moved <= options.tolerance;
  }
  out.plan.resize(n, m);
  for (Index i = 0; i < n; ++i) {
    double sum = 0;
    for (Index j = 0; j < m; ++j)
      sum += out.plan(i, j) = std::exp(f[to_size(i)] + g[to_size(j)] - double(cost(i, j)) / unit);
    out.growth.push_back(sum * double(n));
  }
  return out;
}

}  // namespace latentcell
