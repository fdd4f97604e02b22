#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace latentcell::conformal {

/// Returns the smallest score that more than a share q of the scores do not exceed: element floor(q n) of the sorted
/// scores, counted from 0. Reorders the scores.
/// scores: at least one; q in [0, 1)
inline double quantile(std::vector<double>& scores, double q) {
  LATENTCELL_REQUIRE(!scores.empty() && q >= 0 && q < 1, "quantile: ", q, " of ", scores.size(),
                     " scores; needs a share in [0, 1) and at least one score");
  const std::size_t k = std::min(scores.size() - 1, std::size_t(q * double(scores.size())));
  std::nth_element(scores.begin(), scores.begin() + std::ptrdiff_t(k), scores.end());
  return scores[k];
}

}  // namespace latentcell::conformal
