#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/core/gene_sums.hpp>
#include <latentcell/core/median.hpp>
#include <latentcell/kernel/count_targets.hpp>

namespace LATENTCELL_NAMESPACE {

/// Where a decoder starts: the level and the dispersion of each gene, from sums over the training cells.
struct GeneMoments {
  std::vector<double> level;           // (G) share of the library, > 0; Gaussian: mean of the value; Bernoulli: odds
  std::vector<double> log_dispersion;  // (G) log theta, or log sigma of the Gaussian
};

namespace detail {

// Dispersions 1 / theta of few counts are mostly noise: each is drawn towards the median of the well-measured ones, by
// the sizes of its own error and of the spread between genes (empirical Bayes, as in edgeR and DESeq).
inline std::vector<double> shrink_dispersions(const std::vector<double>& raw, const std::vector<double>& error) {
  std::vector<double> sure;
  for (std::size_t g = 0; g < raw.size(); ++g) {
    if (error[g] < 0.2) sure.push_back(raw[g]);
  }
  if (sure.size() < 20) sure = raw;
  const double typical = std::max(0.01, median(std::move(sure)));
  std::vector<double> out;
  for (std::size_t g = 0; g < raw.size(); ++g) {
    const double trust = typical * typical / (typical * typical + error[g] * error[g]);
    out.push_back(trust * raw[g] + (1 - trust) * typical);
  }
  return out;
}

}  // namespace detail

/// Moments of each gene given the library sizes: with mu = level * library, 1 / theta is the ratio of
/// sum((x - mu)^2 - mu) to sum mu^2, shrunk where few counts speak and kept within [0.001, 100].
/// Not of the Gaussian, whose sums are of other values.     reference: library size that the Bernoulli's levels are at
inline GeneMoments gene_moments(const GeneSums& s, Family family, double reference) {
  LATENTCELL_REQUIRE(family != Family::gaussian,
                     "gene_moments: a Gaussian's are of log-normalised values; give counts");
  GeneMoments m;
  if (family == Family::bernoulli) {
    // Odds of a count in a cell of the reference library, were they in proportion to the library.
    const double size = s.cells == 0 ? 1 : s.library_sum / reference;
    for (const Index n : s.detected) {
      const double rate = (double(n) + 0.5) / (double(s.cells) + 1.0);
      m.level.push_back(rate / (1 - rate) * std::max<double>(1.0, double(s.cells)) / std::max(1e-12, size));
    }
    return m;
  }
  std::vector<double> raw, error;
  for (std::size_t g = 0; g < s.sum.size(); ++g) {
    // Half a count spread over the cells keeps a gene without counts at a finite level.
    const double level = (s.sum[g] + 0.5) / std::max(1.0, s.library_sum);
    const double mu_square = level * level * s.library_square, mu_sum = level * s.library_sum;
    m.level.push_back(level);
    if (s.cells == 0) {
      raw.push_back(1);
      error.push_back(1);
      continue;
    }
    raw.push_back((s.square[g] - 2 * level * s.cross[g] + mu_square - mu_sum) / mu_square);
    error.push_back(std::sqrt(2 * mu_square + mu_sum) / mu_square);  // of a Poisson gene
  }
  for (double dispersion : detail::shrink_dispersions(raw, error)) {
    m.log_dispersion.push_back(-std::log(std::clamp(dispersion, 0.001, 100.0)));
  }
  return m;
}

/// The same of counts, in one pass; a Gaussian's are mean and deviation of log(1 + x reference / library).
/// counts (N, G)
inline GeneMoments gene_moments(const CountRows& counts, Family family, double reference) {
  if (family != Family::gaussian) return gene_moments(gene_sums(counts), family, reference);
  GeneSums s(counts.cols());
  counts.each_block([&](const CountsView& block, Index) { s.add_log_normalized(block, reference); });
  GeneMoments m;
  const double n = std::max<double>(1.0, double(s.cells));
  for (std::size_t g = 0; g < s.sum.size(); ++g) {
    const double mean = s.sum[g] / n;
    m.level.push_back(mean);
    m.log_dispersion.push_back(0.5 * std::log(std::max(1e-4, s.square[g] / n - mean * mean)));
  }
  return m;
}

}  // namespace latentcell
