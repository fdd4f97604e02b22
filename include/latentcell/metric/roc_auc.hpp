#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Area under the ROC curve: the chance that a positive scores above a negative, ties counting one half.
/// negatives (N), positives (M), scores without NaN -> [0, 1];  0.5 where scores do not separate the two
inline double roc_auc(std::span<const double> negatives, std::span<const double> positives) {
  LATENTCELL_REQUIRE(!negatives.empty() && !positives.empty(), "roc_auc: needs both sides, got ", negatives.size(),
                     " negatives and ", positives.size(), " positives");
  for (const auto& side : {negatives, positives}) {
    for (double score : side) LATENTCELL_REQUIRE(!std::isnan(score), "roc_auc: a score is not a number");
  }
  std::vector<double> sorted(negatives.begin(), negatives.end());
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (double score : positives) {
    const auto [from, to] = std::equal_range(sorted.begin(), sorted.end(), score);
    wins += 0.5 * (double(from - sorted.begin()) + double(to - sorted.begin()));
  }
  return wins / (double(negatives.size()) * double(positives.size()));
}

}  // namespace latentcell::metric
