#pragma once

#include <algorithm>

#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Principal components of log1p(CP10K): the space in which cells are compared where no latent is at hand.
struct LogPca {
  Pca<float> pca;

  /// Fits the components to counts.
  /// counts (N, G) -> at most `components`, N - 1 and G of them
  static LogPca fit(const CountsView& counts, Index components, Rng& rng) {
    return fit_logged(kernel::log_normalize(counts), components, rng);
  }
  /// Fits the components to values that are log1p(CP10K) already.
  static LogPca fit_logged(const CountsView& logged, Index components, Rng& rng) {
    return {fit_pca(logged, {.components = std::min({components, logged.rows - 1, logged.cols})}, rng)};
  }

  Index components() const { return pca.components.rows(); }

  /// Returns the coordinates of cells.
  /// counts (N, G) -> (N, components())
  Matrix<float> project(const CountsView& counts) const { return project_logged(kernel::log_normalize(counts)); }
  /// Returns the coordinates of cells whose values are log1p(CP10K) already.
  Matrix<float> project_logged(const CountsView& logged) const { return kernel::project(pca, logged); }
};

}  // namespace latentcell::kernel
