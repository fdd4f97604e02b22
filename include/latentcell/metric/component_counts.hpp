#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/kernel/pca.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Draws library sizes: for each target label that of a random cell with the label.
/// counts (N, G), labels (N), target (n) -> (n)
inline std::vector<double> draw_library_sizes(const CountsView& counts, std::span<const int> labels,
                                              std::span<const int> target, Rng& rng) {
  LATENTCELL_REQUIRE(Index(labels.size()) == counts.rows, "draw_library_sizes: ", labels.size(), " labels for ",
                     counts.rows, " cells");
  std::vector<std::vector<double>> sizes;
  for (Index r = 0; r < counts.rows; ++r) {
    const int label = labels[to_size(r)];
    if (label < 0) continue;
    if (std::size_t(label) >= sizes.size()) sizes.resize(std::size_t(label) + 1);
    sizes[std::size_t(label)].push_back(counts.row_sum(r));
  }
  std::vector<double> out;
  for (const int label : target) {
    LATENTCELL_REQUIRE(label >= 0 && std::size_t(label) < sizes.size() && !sizes[std::size_t(label)].empty(),
                       "draw_library_sizes: no cells of class ", label, " to draw from");
    const std::vector<double>& from = sizes[std::size_t(label)];
    out.push_back(from[std::size_t(rng.below(from.size()))]);
  }
  return out;
}

/// Draws counts for points in PC space, so that a baseline in that space can be evaluated gene by gene: back to
/// log1p(CP10K), to rates (negative ones become 0) that sum to the cell's library size, and one Poisson draw each.
/// pca of log1p counts (k, G), points (n, k), library (n) >= 0 -> (n, G)
inline Counts component_counts(const kernel::Pca<float>& pca, ConstView<float> points, std::span<const double> library,
                               Rng& rng) {
  const Index n = points.rows(), k = pca.components.rows(), genes = pca.components.cols();
  LATENTCELL_REQUIRE(points.cols() == k, "component_counts: points have ", points.cols(), " coordinates but there are ",
                     k, " components");
  LATENTCELL_REQUIRE(Index(library.size()) == n, "component_counts: ", library.size(), " library sizes for ", n,
                     " points");
  const Rng seeds = rng.fork();
  std::vector<std::vector<std::pair<std::int32_t, float>>> cells(to_size(n));
  kernel::parallel_items(n, [&](Index i) {
    std::vector<double> rate(to_size(genes));
    for (Index g = 0; g < genes; ++g) rate[to_size(g)] = double(pca.mean[g]);
    for (Index c = 0; c < k; ++c) {
      for (Index g = 0; g < genes; ++g) rate[to_size(g)] += double(points(i, c)) * double(pca.components(c, g));
    }
    double total = 0;
    for (double& r : rate) total += r = std::max(0.0, std::expm1(r));
    Rng own = seeds.at(std::uint64_t(i));
    for (Index g = 0; g < genes && total > 0.0; ++g) {
      const double x = draw_poisson(rate[to_size(g)] / total * library[to_size(i)], own);
      if (x > 0.0) cells[to_size(i)].emplace_back(std::int32_t(g), float(x));
    }
  });
  Counts out(genes);
  for (const auto& cell : cells) {
    for (const auto& [gene, x] : cell) out.push(gene, x);
    out.end_row();
  }
  return out;
}

}  // namespace latentcell::metric
