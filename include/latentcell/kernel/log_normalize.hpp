#pragma once

#include <cmath>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Scales each cell to `target` counts and takes log(1 + x): log1p(CP10K) for the default of ten thousand.
/// counts (N, G) -> (N, G) with the same non-zeros
/// Cells with no counts stay without. Throws std::invalid_argument for a count that is negative or not finite.
inline Counts log_normalize(const CountsView& counts, double target = 1e4) {
  LATENTCELL_REQUIRE(target > 0.0 && std::isfinite(target), "log_normalize: target must be positive, got ", target);
  const std::int64_t origin = counts.rows == 0 ? 0 : counts.row_start[0];
  std::vector<std::int64_t> row_start(to_size(counts.rows + 1), 0);
  for (Index n = 0; n < counts.rows; ++n) row_start[to_size(n + 1)] = counts.row_start[n + 1] - origin;
  std::vector<std::int32_t> columns(counts.columns + origin, counts.columns + origin + counts.nonzeros());
  std::vector<float> values(to_size(counts.nonzeros()));
  parallel_ranges(counts.rows, 16, [&](Index first, Index last) {
    for (Index n = first; n < last; ++n) {
      const auto from = counts.row_values(n);
      float* to = values.data() + row_start[to_size(n)];
      double library = 0;
      for (float v : from) {
        LATENTCELL_REQUIRE(v >= 0.0f && std::isfinite(v), "log_normalize: cell ", n, " has a count of ", v);
        library += double(v);
      }
      const double scale = library > 0.0 ? target / library : 0.0;
      for (std::size_t k = 0; k < from.size(); ++k) to[k] = float(std::log1p(double(from[k]) * scale));
    }
  });
  return Counts(counts.cols, std::move(row_start), std::move(columns), std::move(values));
}

}  // namespace latentcell::kernel
