#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include <latentcell/metric/moments.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// The n columns of greatest variance, as metrics on few genes need them.   x (N, G), usually log1p(CP10K) -> (n)
/// ascending Of equal variances the lower column is taken. n >= G gives all columns.
inline std::vector<Index> most_variable(const CountsView& x, Index n) {
  LATENTCELL_REQUIRE(n >= 1, "most_variable: needs at least 1 gene, got ", n);
  const std::vector<double> variance = gene_moments(x).variance;
  std::vector<Index> order(variance.size());
  std::iota(order.begin(), order.end(), Index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return variance[to_size(a)] > variance[to_size(b)]; });
  order.resize(std::min(order.size(), to_size(n)));
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace latentcell::metric
