#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <latentcell/core/count_rows.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/loess.hpp>

namespace LATENTCELL_NAMESPACE {

/// How many genes highly_variable picks, and against which trend.
struct HighlyVariableOptions {
  Index genes = 2000;  ///< genes to pick; all where there are fewer
  double span = 0.3;   ///< share of the genes each local fit of the trend sees; larger: smoother trend
  std::vector<int> batch_covariate = {};  ///< (B) codes, -1 where unknown (a level of its own); empty: one level

  static void visit(auto& self, auto&& f) {
    f("genes", self.genes, at_least(1));
    f("span", self.span, above_up_to(0, 1));
    f("batch_covariate", self.batch_covariate, each(at_least(-1)));
  }
};

/// What highly_variable found, gene by gene.
struct HighlyVariable {
  std::vector<Index> genes;      ///< the picked columns, ascending
  std::vector<double> mean;      ///< (G)  over all cells
  std::vector<double> variance;  ///< (G)  over all cells, divisor B - 1
  std::vector<double> score;     ///< (G)  variance of the standardised, clipped counts, averaged over levels
  std::vector<double> rank;      ///< (G)  median place over the levels that pick the gene, best 0; NaN if none
  std::vector<Index> levels;     ///< (G)  levels of the batch covariate that pick the gene
};

namespace detail {

struct GeneMoments {
  Index cells = 0;
  std::vector<double> mean, variance;
};

// Calls f(column, value, cell) for each non-zero of the cells in use; returns how many these are.
template <class Use, class F>
Index each_count(const CountRows& counts, const Use& use, const F& f) {
  Index cells = 0;
  counts.each_block([&](const CountsView& block, Index first) {
    for (Index b = 0; b < block.rows; ++b) {
      if (!use(first + b)) continue;
      ++cells;
      const auto columns = block.row_columns(b);
      const auto values = block.row_values(b);
      for (std::size_t k = 0; k < columns.size(); ++k) f(std::size_t(columns[k]), double(values[k]), first + b);
    }
  });
  return cells;
}

template <class Use>
GeneMoments gene_moments(const CountRows& counts, const Use& use) {
  GeneMoments out{0, std::vector<double>(to_size(counts.cols())), std::vector<double>(to_size(counts.cols()))};
  out.cells = each_count(counts, use, [&](std::size_t g, double v, Index cell) {
    LATENTCELL_REQUIRE(v >= 0 && std::isfinite(v), "highly_variable: needs counts, but cell ", cell, " has ", v,
                       " of gene ", g);
    out.mean[g] += v;
    out.variance[g] += v * v;
  });
  const double n = double(out.cells);
  for (std::size_t g = 0; g < out.mean.size(); ++g) {
    const double sum = out.mean[g];
    out.mean[g] = n > 0 ? sum / n : 0;
    // Sums of whole numbers are exact, so a constant gene has a variance of exactly or nearly zero.
    const double spread = out.variance[g] - sum * out.mean[g];
    out.variance[g] = n > 1 && spread > 1e-12 * out.variance[g] ? spread / (n - 1) : 0;
  }
  return out;
}

// Variance of each gene after division by the deviation its mean lets expect, clipped at sqrt(cells).
template <class Use>
std::vector<double> standardised_variance(const CountRows& counts, const GeneMoments& moments, double span,
                                          const Use& use) {
  const std::size_t genes = moments.mean.size();
  std::vector<double> x, y;
  for (std::size_t g = 0; g < genes; ++g) {
    if (moments.variance[g] <= 0) continue;
    x.push_back(std::log10(moments.mean[g]));
    y.push_back(std::log10(moments.variance[g]));
  }
  const std::vector<double> trend = loess(x, y, {.span = span});
  const double n = double(moments.cells);
  std::vector<double> deviation(genes, 1), most(genes), sum(genes), squares(genes);
  for (std::size_t g = 0, at = 0; g < genes; ++g) {
    if (moments.variance[g] > 0) deviation[g] = std::sqrt(std::pow(10.0, trend[at++]));
    most[g] = deviation[g] * std::sqrt(n) + moments.mean[g];
  }
  (void)each_count(counts, use, [&](std::size_t g, double count, Index) {
    const double v = std::min(count, most[g]);
    sum[g] += v;
    squares[g] += v * v;
  });
  for (std::size_t g = 0; g < genes; ++g) {
    const double mean = moments.mean[g];
    squares[g] = (n * mean * mean + squares[g] - 2 * sum[g] * mean) / ((n - 1) * deviation[g] * deviation[g]);
  }
  return squares;
}

}  // namespace detail

/// Ranks genes by how much they vary beyond what their mean explains, on raw counts.   counts (B, G) -> picked columns
/// The method of Seurat v3 (Stuart et al., Cell 2019), as scanpy's flavor "seurat_v3": loess of log10 variance over
/// log10 mean, variance of the counts standardised by it and clipped at sqrt(B). With a batch covariate, the median
/// place over the levels that pick the gene, then their number. Levels with a single cell are left out. Ties go to the
/// lower column. Counts are read twice a level, twice without a covariate. Throws std::invalid_argument for negative or
/// infinite counts, or fewer than two cells.
inline HighlyVariable highly_variable(const CountRows& counts, const HighlyVariableOptions& options = {}) {
  check_options("highly_variable", options);
  LATENTCELL_REQUIRE(counts.rows() >= 2, "highly_variable: needs at least 2 cells, got ", counts.rows());
  LATENTCELL_REQUIRE(options.batch_covariate.empty() || Index(options.batch_covariate.size()) == counts.rows(),
                     "highly_variable: ", options.batch_covariate.size(), " codes of the batch covariate for ",
                     counts.rows(), " cells");
  const std::size_t genes = to_size(counts.cols());
  const std::size_t chosen = std::min(to_size(options.genes), genes);
  const auto code = [&](Index b) { return options.batch_covariate.empty() ? 0 : options.batch_covariate[to_size(b)]; };

  HighlyVariable out;
  detail::GeneMoments all = detail::gene_moments(counts, [](Index) { return true; });
  out.score.assign(genes, 0);
  out.levels.assign(genes, 0);
  std::vector<std::vector<double>> places(genes);

  std::vector<int> levels = options.batch_covariate.empty() ? std::vector<int>{0} : options.batch_covariate;
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  Index used = 0;
  std::vector<std::size_t> order(genes);
  for (int level : levels) {
    const auto use = [&](Index b) { return code(b) == level; };
    const detail::GeneMoments moments = levels.size() == 1 ? all : detail::gene_moments(counts, use);
    if (moments.cells < 2) continue;
    ++used;
    const std::vector<double> score = detail::standardised_variance(counts, moments, options.span, use);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
    for (std::size_t i = 0; i < chosen; ++i) places[order[i]].push_back(double(i));
    for (std::size_t g = 0; g < genes; ++g) out.score[g] += score[g];
  }
  LATENTCELL_REQUIRE(used > 0, "highly_variable: every level of the batch covariate has a single cell");

  out.rank.assign(genes, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t g = 0; g < genes; ++g) {
    out.score[g] /= double(used);
    out.levels[g] = Index(places[g].size());
    if (places[g].empty()) continue;
    std::sort(places[g].begin(), places[g].end());
    const std::size_t n = places[g].size();
    out.rank[g] = (places[g][(n - 1) / 2] + places[g][n / 2]) / 2;
  }
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (places[a].empty() || places[b].empty()) return !places[a].empty() && places[b].empty();
    return out.rank[a] != out.rank[b] ? out.rank[a] < out.rank[b] : out.levels[a] > out.levels[b];
  });
  for (std::size_t i = 0; i < chosen; ++i) out.genes.push_back(Index(order[i]));
  std::sort(out.genes.begin(), out.genes.end());
  out.mean = std::move(all.mean);
  out.variance = std::move(all.variance);
  return out;
}

}  // namespace latentcell
