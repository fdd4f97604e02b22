#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/named_genes.hpp>
#include <latentcell/kernel/log_normalize.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Returns the marker genes of each label: those with the largest difference of means of log1p(CP10K) to the other
/// labels, in units of the standard error, `size` per label at most. Labels of fewer than three cells have none.
/// cells (N, G), labels (N)
inline std::vector<NamedGenes> marker_sets(const CellTable& cells, const Categorical& labels, Index size = 50) {
  const Counts logged = kernel::log_normalize(cells.counts.view());
  const CountsView x = logged.view();
  const Index levels = Index(labels.levels.size()), genes = cells.genes();
  Matrix<double> sum = Matrix<double>::Zero(levels, genes), square = sum;
  std::vector<double> count(to_size(levels), 0.0);
  for (Index i = 0; i < x.rows; ++i) {
    const int code = labels.codes[to_size(i)];
    if (code < 0) continue;
    count[to_size(code)] += 1;
    for (std::size_t k = 0; k < x.row_columns(i).size(); ++k) {
      const double v = double(x.row_values(i)[k]);
      sum(code, x.row_columns(i)[k]) += v;
      square(code, x.row_columns(i)[k]) += v * v;
    }
  }
  const double all = std::accumulate(count.begin(), count.end(), 0.0);
  std::vector<NamedGenes> out;
  for (Index l = 0; l < levels; ++l) {
    const double n = count[to_size(l)], m = all - n;
    if (n < 3 || m < 3) continue;
    std::vector<std::pair<double, Index>> score;
    for (Index g = 0; g < genes; ++g) {
      const double here = sum(l, g) / n, there = (sum.col(g).sum() - sum(l, g)) / m;
      const double variance = std::max(0.0, square(l, g) / n - here * here),
                   other = std::max(0.0, (square.col(g).sum() - square(l, g)) / m - there * there);
      if (here > there) score.emplace_back(-(here - there) / std::sqrt(variance / n + other / m + 1e-6), g);
    }
    const std::size_t most = std::min(score.size(), to_size(size));
    std::partial_sort(score.begin(), score.begin() + std::ptrdiff_t(most), score.end());
    NamedGenes set{labels.levels[to_size(l)], {}};
    for (std::size_t k = 0; k < most; ++k) set.genes.push_back(cells.gene_names[to_size(score[k].second)]);
    if (!set.genes.empty()) out.push_back(std::move(set));
  }
  return out;
}

}  // namespace latentcell::evaluate
