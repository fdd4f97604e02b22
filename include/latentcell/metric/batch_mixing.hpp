#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/metric/neighborhood_mixing.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Mixing of the levels of a batch covariate and separation of labels in a set of points.
struct BatchMixing {
  double batches = 0;  ///< mixing of levels within labels, 0 apart to 1 as at random, mean over the cells
  double labels = 0;   ///< share of a point's neighbors that have its label
};

/// Measures mixing of the levels of a batch covariate within each label of at least twice `neighbors` cells and two
/// levels. Because levels may differ in composition, they are not asked to mix across labels.
/// x (N, D), batch_covariate and label (N), negative where missing
/// Throws std::invalid_argument for codes of another number of points and where no label has enough cells.
inline BatchMixing batch_mixing(ConstView<float> x, const std::vector<int>& batch_covariate,
                                const std::vector<int>& label, Index neighbors = 15) {
  LATENTCELL_REQUIRE(Index(batch_covariate.size()) == x.rows() && Index(label.size()) == x.rows(),
                     "batch_mixing: ", batch_covariate.size(), " batches and ", label.size(), " labels for ", x.rows(),
                     " points");
  BatchMixing out;
  const int last = label.empty() ? -1 : *std::max_element(label.begin(), label.end());
  // Points of one label are pure.
  const bool several = std::any_of(label.begin(), label.end(), [&](int l) { return l >= 0 && l != last; });
  out.labels = several ? neighborhood_mixing(x, label, neighbors).purity : 1.0;
  double cells = 0;
  for (int l = 0; l <= last; ++l) {
    std::vector<Index> rows;
    std::vector<int> codes;
    for (std::size_t i = 0; i < label.size(); ++i) {
      if (label[i] != l || batch_covariate[i] < 0) continue;
      rows.push_back(Index(i));
      codes.push_back(batch_covariate[i]);
    }
    if (Index(rows.size()) < 2 * neighbors) continue;
    if (std::all_of(codes.begin(), codes.end(), [&](int c) { return c == codes.front(); })) continue;
    Matrix<float> own(Index(rows.size()), x.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) own.row(Index(i)) = x.row(rows[i]);
    const double n = double(rows.size());
    out.batches += n * neighborhood_mixing(view(own), codes, neighbors).mixing;
    cells += n;
  }
  LATENTCELL_REQUIRE(cells > 0, "batch_mixing: no label has ", 2 * neighbors,
                     " cells and two levels of the batch covariate");
  out.batches /= cells;
  return out;
}

}  // namespace latentcell::metric
