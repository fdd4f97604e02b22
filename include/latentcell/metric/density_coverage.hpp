#pragma once

#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/kernel/neighbors.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Settings of density_coverage.
struct DensityCoverageOptions {
  Index neighbors =
      5;  ///< k: the ball around a real point reaches to its k-th nearest real one; larger is more lenient

  static void visit(auto& self, auto&& f) { f("neighbors", self.neighbors, at_least(1)); }
};

/// Fidelity and diversity.
struct DensityCoverage {
  double density = 0;  ///< mean number of real balls around a generated point, over k: 1 for the real distribution, and
                       ///< more where generated points crowd where real ones are dense
  double coverage = 0;  ///< share of real balls with a generated point inside, in [0, 1]
};

/// Density and coverage of generated points among real ones (Naeem et al., ICML 2020, equations 3 and 4).
/// real (N, D), generated (M, D);  N > k. For M = N the expected coverage of the real distribution is near 1 - 2^-k.
inline DensityCoverage density_coverage(ConstView<float> real, ConstView<float> generated,
                                        const DensityCoverageOptions& options = {}) {
  check_options("density_coverage", options);
  const Index k = options.neighbors;
  LATENTCELL_REQUIRE(k >= 1 && k < real.rows(), "density_coverage: ", k, " neighbors among ", real.rows(),
                     " real points");
  LATENTCELL_REQUIRE(generated.rows() > 0, "density_coverage: there are no generated points");
  const kernel::Neighbors own = kernel::nearest_neighbors(real, k);
  std::vector<Index> inside(to_size(real.rows()), 0);
  kernel::each_distance(real, generated, [&](Index i, Index, Index count, const double* d2) {
    const double radius = own.distance(i, k - 1);
    for (Index j = 0; j < count; ++j) inside[to_size(i)] += std::sqrt(d2[j]) < radius;
  });
  DensityCoverage out;
  for (const Index count : inside) {
    out.density += double(count);
    out.coverage += double(count > 0);
  }
  out.density /= double(k) * double(generated.rows());
  out.coverage /= double(real.rows());
  return out;
}

}  // namespace latentcell::metric
