#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/count_loss.hpp>

namespace latentcell {

/// Where a decoder starts: the level and the dispersion of each gene, from sums over the training cells.
struct GeneMoments {
  std::vector<double> level;           // (G) share of the library, > 0; for the Gaussian the mean of the value
  std::vector<double> log_dispersion;  // (G) log theta, or log sigma of the Gaussian
};

/// Moments of each gene given the library sizes: with mu = level * library, theta is the ratio of sum mu^2 to
/// sum((x - mu)^2 - mu), kept within [0.01, 1000].    counts (N, G)
inline GeneMoments gene_moments(const CountsView& counts, Family family, double reference) {
  const std::size_t genes = to_size(counts.cols);
  std::vector<double> sum(genes, 0.0), square(genes, 0.0);
  double library_sum = 0, library_square = 0;
  std::vector<double> cross(genes, 0.0);  // sum of x * library
  const bool gaussian = family == Family::gaussian;
  for (Index b = 0; b < counts.rows; ++b) {
    const double library = std::max(1.0, counts.row_sum(b));
    library_sum += library;
    library_square += library * library;
    const auto c = counts.row_columns(b);
    const auto v = counts.row_values(b);
    for (std::size_t k = 0; k < c.size(); ++k) {
      const double x = gaussian ? std::log1p(double(v[k]) * reference / library) : double(v[k]);
      sum[std::size_t(c[k])] += x;
      square[std::size_t(c[k])] += x * x;
      cross[std::size_t(c[k])] += x * library;
    }
  }
  GeneMoments m;
  const double n = std::max<double>(1.0, double(counts.rows));
  for (std::size_t g = 0; g < genes; ++g) {
    if (gaussian) {
      const double mean = sum[g] / n;
      m.level.push_back(mean);
      m.log_dispersion.push_back(0.5 * std::log(std::max(1e-4, square[g] / n - mean * mean)));
      continue;
    }
    // Half a count spread over the cells keeps a gene that was never seen at a finite level.
    const double level = (sum[g] + 0.5) / std::max(1.0, library_sum);
    const double mu_square = level * level * library_square;
    const double excess = square[g] - 2 * level * cross[g] + mu_square - level * library_sum;
    const double theta = excess > 0 ? mu_square / excess : 1000.0;
    m.level.push_back(level);
    m.log_dispersion.push_back(std::log(std::clamp(theta, 0.01, 1000.0)));
  }
  return m;
}

}  // namespace latentcell
