#pragma once

#include <array>
#include <cmath>
#include <utility>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/rng.hpp>

namespace LATENTCELL_NAMESPACE {

/// Deals a cell's molecules out to two parts by chance: binomial thinning. Under Poisson counting the parts are
/// independent given the cell's true levels, so what one part tells about the other is no counting noise (Batson, Royer
/// and Webber, "Molecular cross-validation for single-cell RNA-seq", 2019; Neufeld et al., "Data thinning for
/// convolution-closed distributions", 2024).
class Thinning {
 public:
  /// share: expected share of the molecules that the first part gets, in (0, 1)
  explicit Thinning(double share) {
    LATENTCELL_REQUIRE(share > 0 && share < 1, "Thinning: the share must lie in (0, 1), got ", share);
    for (int n = 1; n <= most; ++n) {
      double mass = std::pow(1 - share, n), sum = 0;
      for (int k = 0; k < n; ++k) {
        sum += mass;
        up_to_[std::size_t(n)][std::size_t(k)] = float(sum);
        mass *= double(n - k) / double(k + 1) * share / (1 - share);
      }
    }
  }

  /// How many of n molecules the first part gets.    n >= 0
  Index draw(Index n, Rng& rng) const {
    Index sum = 0;
    for (; n > 0; n -= most) {  // a binomial is a sum of smaller ones
      const std::size_t now = std::size_t(n < most ? n : most);
      const float u = rng.uniform();
      std::size_t k = 0;
      while (k < now && u > up_to_[now][k]) ++k;
      sum += Index(k);
    }
    return sum;
  }

  /// Deals out one row; a fraction of a count stays with the second part. Gives the sums of the parts.
  std::pair<double, double> operator()(const CountsView& x, Index row, Rng rng, Counts& first, Counts& second) const {
    const auto columns = x.row_columns(row);
    const auto values = x.row_values(row);
    double first_sum = 0, second_sum = 0;
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const float one = float(draw(Index(values[k]), rng)), other = values[k] - one;
      if (one > 0) first.push(columns[k], one);
      if (other > 0) second.push(columns[k], other);
      first_sum += double(one);
      second_sum += double(other);
    }
    first.end_row();
    second.end_row();
    return {first_sum, second_sum};
  }

 private:
  static constexpr int most = 16;
  std::array<std::array<float, most>, most + 1> up_to_{};  // [n][k] probability of at most k of n
};

}  // namespace latentcell
