#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

/// Mean predicted expression of each feature per group of cells, at least `smallest`. Interval widths are proportional
/// to it, because counts of a gene with lower expression scatter less.
struct GroupMeans {
  static constexpr float smallest = 1e-3f;
  std::vector<int> group;  // (N)
  Matrix<float> mean;      // (groups, F)

  /// predicted (N, F); of (N): group of each cell from 0, or empty: every factor is 1
  GroupMeans(const Matrix<float>& predicted, std::vector<int> of) : group(std::move(of)) {
    if (group.empty()) {
      group.assign(to_size(predicted.rows()), 0);
      mean.setOnes(1, predicted.cols());
      return;
    }
    LATENTCELL_REQUIRE(Index(group.size()) == predicted.rows() && *std::min_element(group.begin(), group.end()) >= 0,
                       "intervals: ", group.size(), " groups, none below 0, for ", predicted.rows(), " cells");
    const Index groups = Index(*std::max_element(group.begin(), group.end())) + 1;
    std::vector<float> cells(to_size(groups), 0.0f);
    mean.setZero(groups, predicted.cols());
    for (Index i = 0; i < predicted.rows(); ++i) {
      mean.row(group[to_size(i)]).array() += predicted.row(i).array().max(0.0f);
      cells[to_size(group[to_size(i)])] += 1;
    }
    for (Index g = 0; g < groups; ++g) mean.row(g) /= std::max(1.0f, cells[to_size(g)]);
    mean = mean.array().max(smallest);
  }

  /// Returns the means of cell i's group.
  /// -> (F)
  auto of(Index i) const { return mean.row(group[to_size(i)]); }
};

}  // namespace latentcell::conformal
