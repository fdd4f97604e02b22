#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/core/counts.hpp>
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

namespace detail {

/// The Bernoulli's levels: odds of a count in a cell of the reference library, were they in proportion to the library.
inline latentcell::GeneMoments detection_rates(const CountsView& counts, double reference) {
  std::vector<double> found(to_size(counts.cols), 0.0);
  double size = 0;
  for (Index b = 0; b < counts.rows; ++b) {
    for (std::size_t k = 0; k < counts.row_columns(b).size(); ++k) {
      if (counts.row_values(b)[k] > 0) found[std::size_t(counts.row_columns(b)[k])] += 1;
    }
    size += std::max(1.0, counts.row_sum(b)) / reference;
  }
  if (counts.rows == 0) size = 1;
  latentcell::GeneMoments m;
  for (const double n : found) {
    const double rate = (n + 0.5) / (double(counts.rows) + 1.0);
    m.level.push_back(rate / (1 - rate) * std::max<double>(1.0, double(counts.rows)) / std::max(1e-12, size));
  }
  return m;
}

}  // namespace detail

/// Moments of each gene given the library sizes: with mu = level * library, 1 / theta is the ratio of
/// sum((x - mu)^2 - mu) to sum mu^2, shrunk where few counts speak and kept within [0.001, 100].    counts (N, G)
inline GeneMoments gene_moments(const CountsView& counts, Family family, double reference) {
  const std::size_t genes = to_size(counts.cols);
  const bool gaussian = family == Family::gaussian;
  if (family == Family::bernoulli) return detail::detection_rates(counts, reference);
  std::vector<double> sum(genes, 0.0), square(genes, 0.0), cross(genes, 0.0);  // cross: of x and library
  double library_sum = 0, library_square = 0;
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
  std::vector<double> raw, error;
  for (std::size_t g = 0; g < genes; ++g) {
    if (gaussian) {
      const double mean = sum[g] / n;
      m.level.push_back(mean);
      m.log_dispersion.push_back(0.5 * std::log(std::max(1e-4, square[g] / n - mean * mean)));
      continue;
    }
    // Half a count spread over the cells keeps a gene without counts at a finite level.
    const double level = (sum[g] + 0.5) / std::max(1.0, library_sum);
    const double mu_square = level * level * library_square, mu_sum = level * library_sum;
    m.level.push_back(level);
    if (counts.rows == 0) {
      raw.push_back(1);
      error.push_back(1);
      continue;
    }
    raw.push_back((square[g] - 2 * level * cross[g] + mu_square - mu_sum) / mu_square);
    error.push_back(std::sqrt(2 * mu_square + mu_sum) / mu_square);  // of a Poisson gene
  }
  if (gaussian) return m;
  for (double dispersion : detail::shrink_dispersions(raw, error)) {
    m.log_dispersion.push_back(-std::log(std::clamp(dispersion, 0.001, 100.0)));
  }
  return m;
}

}  // namespace latentcell
