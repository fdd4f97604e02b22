#pragma once

#include <span>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Labels of points by the vote of their neighbors.
struct NeighborVotes {
  std::vector<int> label;         ///< (N) the most frequent label; of equally frequent ones the lowest
  std::vector<double> agreement;  ///< (N) its share
};

/// Share of each row's neighbors that have each label.
/// near (N, k) rows of points with codes (M), all in [0, labels) -> (N, labels)
inline Matrix<double> neighbor_shares(const kernel::Neighbors& near, std::span<const int> codes, Index labels) {
  const Index k = near.index.cols();
  Matrix<double> out = Matrix<double>::Zero(near.index.rows(), labels);
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < k; ++j) {
      const int code = codes[to_size(near.index(i, j))];
      LATENTCELL_REQUIRE(code >= 0 && code < labels, "neighbor_shares: label ", code, " of ", labels);
      out(i, code) += 1;
    }
    out.row(i) /= double(k);
  }
  return out;
}

/// The label with the largest share in each row; shares may be sums over several kinds of neighbors.
/// shares (N, labels) -> (N)
inline NeighborVotes most_votes(const Matrix<double>& shares) {
  NeighborVotes out;
  for (Index i = 0; i < shares.rows(); ++i) {
    Index most = 0;
    out.agreement.push_back(shares.row(i).maxCoeff(&most));
    out.label.push_back(int(most));
  }
  return out;
}

/// near (N, k) rows of points with codes (M), all in [0, labels) -> (N)
inline NeighborVotes neighbor_votes(const kernel::Neighbors& near, std::span<const int> codes, Index labels) {
  return most_votes(neighbor_shares(near, codes, labels));
}

}  // namespace latentcell::metric
