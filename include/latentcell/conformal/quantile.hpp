#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

/// Returns the split-conformal quantile: the score of rank ceil((n + 1) q), which a further score does not exceed with
/// probability q at least (Lei et al. 2018). Reorders the scores. With fewer than q / (1 - q) scores there is no such
/// rank, and the largest score is returned.
/// scores: n, at least one; q in [0, 1)
inline double quantile(std::vector<double>& scores, double q) {
  LATENTCELL_REQUIRE(!scores.empty() && q >= 0 && q < 1, "quantile: ", q, " of ", scores.size(),
                     " scores; needs a share in [0, 1) and at least one score");
  const double rank = std::ceil(q * double(scores.size() + 1) - 1e-9);  // 0.8 * 15 is to be 12, rounding aside
  const std::size_t k = std::min(scores.size() - 1, std::size_t(std::max(0.0, rank - 1)));
  std::nth_element(scores.begin(), scores.begin() + std::ptrdiff_t(k), scores.end());
  return scores[k];
}

}  // namespace latentcell::conformal
