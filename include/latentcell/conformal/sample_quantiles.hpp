#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

/// Distances from the mean of samples to their quantiles, per cell and feature: 25 % and 75 % for the 50 % interval,
/// 10 % and 90 % for the 80 % interval. Quantiles between two samples are interpolated linearly.
struct SampleQuantiles {
  Matrix<float> low50, high50;  ///< (N, F) below and above the mean
  Matrix<float> low80, high80;  ///< (N, F)

  /// samples: at least two, each (N, F)
  explicit SampleQuantiles(const std::vector<Matrix<float>>& samples) {
    LATENTCELL_REQUIRE(samples.size() >= 2, "SampleQuantiles: ", samples.size(), " samples; needs at least 2");
    const Index n = samples.front().rows(), f = samples.front().cols();
    for (Matrix<float>* m : {&low50, &high50, &low80, &high80}) m->resize(n, f);
    kernel::parallel_items(n, n * f * 16 * Index(samples.size()), [&](Index i) {
      std::vector<float> x(samples.size());
      for (Index j = 0; j < f; ++j) {
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = samples[k](i, j);
        std::sort(x.begin(), x.end());
        const auto at = [&](double q) {
          const double position = q * double(x.size() - 1);
          const std::size_t k = std::min(x.size() - 2, std::size_t(position));
          return double(x[k]) + (position - double(k)) * double(x[k + 1] - x[k]);
        };
        const double mean = std::accumulate(x.begin(), x.end(), 0.0) / double(x.size());
        low50(i, j) = float(mean - at(0.25));
        high50(i, j) = float(at(0.75) - mean);
        low80(i, j) = float(mean - at(0.1));
        high80(i, j) = float(at(0.9) - mean);
      }
    });
  }
};

}  // namespace latentcell::conformal
