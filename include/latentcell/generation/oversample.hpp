#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Cells with the code of each one's label, negative where missing.
struct LabelledCells {
  const CellTable& cells;
  const std::vector<int>& label;  ///< (N)
};

namespace detail {

/// Rows of the cells of each label.
inline std::vector<std::vector<Index>> rows_by_label(const std::vector<int>& label) {
  std::vector<std::vector<Index>> out;
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (label[i] < 0) continue;
    if (to_size(label[i]) >= out.size()) out.resize(to_size(label[i]) + 1);
    out[to_size(label[i])].push_back(Index(i));
  }
  return out;
}

inline const std::vector<Index>& rows_of_label(const std::vector<std::vector<Index>>& rows, int label) {
  LATENTCELL_REQUIRE(label >= 0 && to_size(label) < rows.size() && !rows[to_size(label)].empty(),
                     "oversample: no cell has label ", label);
  return rows[to_size(label)];
}

/// A random cell among the nearest of its label, itself where it is alone.
inline Index random_neighbor(const Matrix<float>& points, const std::vector<Index>& own, Index of, Index neighbors,
                             Rng& rng) {
  std::vector<std::pair<float, Index>> near;
  for (const Index other : own) {
    if (other != of) near.emplace_back((points.row(other) - points.row(of)).squaredNorm(), other);
  }
  const Index count = std::min<Index>(neighbors, Index(near.size()));
  if (count == 0) return of;
  std::partial_sort(near.begin(), near.begin() + count, near.end());
  return near[std::size_t(rng.below(std::uint64_t(count)))].second;
}

}  // namespace detail

/// Returns random real cells of labels, once more.     added (M): labels -> (M, G), with their obs and names
/// "CELL_copy_k"
inline CellTable copy_cells(const LabelledCells& real, const std::vector<int>& added, Rng& rng) {
  const auto rows = detail::rows_by_label(real.label);
  std::vector<Index> chosen;
  for (const int label : added) {
    const std::vector<Index>& own = detail::rows_of_label(rows, label);
    chosen.push_back(own[std::size_t(rng.below(own.size()))]);
  }
  CellTable out = real.cells.select_cells(chosen);
  for (std::size_t i = 0; i < out.cell_names.size(); ++i) out.cell_names[i] += text("_copy_", i + 1);
  return out;
}

/// Returns mixtures of real cells of a label: each keeps a molecule of one cell with chance 1 - u and of one of its
/// nearest neighbors with chance u, u uniform. SMOTE (Chawla et al. 2002) for counts: of two Poisson cells the mixture
/// is Poisson with the interpolated mean.
///
/// points (N, D): where cells are neighbors; added (M): labels -> (M, G), with the obs of the first cell
inline CellTable mix_cells(const LabelledCells& real, const Matrix<float>& points, const std::vector<int>& added,
                           Index neighbors, Rng& rng) {
  LATENTCELL_REQUIRE(points.rows() == real.cells.cells() && neighbors >= 1, "mix_cells: ", points.rows(),
                     " points for ", real.cells.cells(), " cells, ", neighbors, " neighbors");
  const auto rows = detail::rows_by_label(real.label);
  const CountsView counts = real.cells.counts;
  Counts mixed(real.cells.genes());
  std::vector<Index> first;
  std::vector<double> sum(to_size(real.cells.genes()), 0.0);
  for (const int label : added) {
    const std::vector<Index>& own = detail::rows_of_label(rows, label);
    const Index one = own[std::size_t(rng.below(own.size()))];
    const Index two = detail::random_neighbor(points, own, one, neighbors, rng);
    const double share = rng.uniform_double();
    std::fill(sum.begin(), sum.end(), 0.0);
    for (const auto& [row, chance] : {std::pair{one, 1 - share}, std::pair{two, share}}) {
      for (std::size_t k = 0; k < counts.row_columns(row).size(); ++k) {
        for (float molecule = 0; molecule < counts.row_values(row)[k]; ++molecule)
          sum[std::size_t(counts.row_columns(row)[k])] += rng.uniform_double() < chance ? 1 : 0;
      }
    }
    for (std::size_t g = 0; g < sum.size(); ++g) {
      if (sum[g] > 0) mixed.push(std::int32_t(g), float(sum[g]));
    }
    mixed.end_row();
    first.push_back(one);
  }
  CellTable out = real.cells.select_cells(first);
  out.counts = std::move(mixed);
  for (std::size_t i = 0; i < out.cell_names.size(); ++i) out.cell_names[i] += text("_mixed_", i + 1);
  return out;
}

}  // namespace latentcell::generation
