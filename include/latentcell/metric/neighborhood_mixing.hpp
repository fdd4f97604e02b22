#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// How the labels of cells lie among each other, after the inverse Simpson's index of neighborhoods (Korsunsky et al.
/// 2019, "Fast, sensitive and accurate integration of single-cell data with Harmony"), without its Gaussian weights.
struct NeighborhoodMixing {
  double mixing = 0;  ///< 0: each neighborhood holds one label; 1: all labels, as often as in the whole set
  double purity = 0;  ///< share of a point's neighbors that have its label
};

/// x (N, D), labels (N), negative where missing: such points are left out; two labels or more, 1 <= neighbors < N
/// For levels of a batch covariate mixing should be near 1, for cell types purity near 1. With s the share of a label's
/// neighbors that have it too and e the share that chance gives, mixing is 1 - (s - e) / (1 - e), at most 1, averaged
/// over the labels, so that a rare level counts as much as a common one.
inline NeighborhoodMixing neighborhood_mixing(ConstView<float> x, std::span<const int> labels, Index neighbors = 30) {
  LATENTCELL_REQUIRE(Index(labels.size()) == x.rows(), "neighborhood_mixing: ", labels.size(), " labels for ", x.rows(),
                     " points");
  std::vector<Index> rows;
  std::vector<double> size;
  for (Index i = 0; i < x.rows(); ++i) {
    const int label = labels[to_size(i)];
    if (label < 0) continue;
    rows.push_back(i);
    if (to_size(label) >= size.size()) size.resize(to_size(label) + 1, 0.0);
    size[to_size(label)] += 1;
  }
  const auto present = std::count_if(size.begin(), size.end(), [](double n) { return n > 0; });
  LATENTCELL_REQUIRE(present >= 2, "neighborhood_mixing: needs at least two labels, got ", present);
  const Index n = Index(rows.size());
  Matrix<float> kept(n, x.cols());
  for (Index i = 0; i < n; ++i) kept.row(i) = x.row(rows[to_size(i)]);
  const kernel::Neighbors near = kernel::nearest_neighbors(view(kept), neighbors);
  std::vector<double> same(size.size(), 0.0);
  NeighborhoodMixing out;
  for (Index i = 0; i < n; ++i) {
    const int own = labels[to_size(rows[to_size(i)])];
    double alike = 0;
    for (Index j = 0; j < neighbors; ++j) alike += double(labels[to_size(rows[to_size(near.index(i, j))])] == own);
    same[to_size(own)] += alike / double(neighbors);
    out.purity += alike / double(neighbors) / double(n);
  }
  for (std::size_t l = 0; l < size.size(); ++l) {
    if (size[l] == 0) continue;
    const double expected = (size[l] - 1) / double(n - 1);
    out.mixing += std::min(1.0, 1 - (same[l] / size[l] - expected) / (1 - expected)) / double(present);
  }
  return out;
}

}  // namespace latentcell::metric
