#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>

namespace latentcell::metric {

/// What the neighbors of points say.
struct NeighborVotes {
  std::vector<int> label;         ///< (N) the most frequent label; of equally frequent ones the lowest
  std::vector<double> agreement;  ///< (N) share of the neighbors that have it
};

/// near (N, k) rows of points with codes (M), all in [0, labels) -> (N)
inline NeighborVotes neighbor_votes(const kernel::Neighbors& near, std::span<const int> codes, Index labels) {
  const Index k = near.index.cols();
  NeighborVotes out;
  std::vector<Index> votes(to_size(labels));
  for (Index i = 0; i < near.index.rows(); ++i) {
    std::fill(votes.begin(), votes.end(), Index(0));
    for (Index j = 0; j < k; ++j) {
      const int code = codes[to_size(near.index(i, j))];
      LATENTCELL_REQUIRE(code >= 0 && code < labels, "neighbor_votes: label ", code, " of ", labels);
      ++votes[to_size(code)];
    }
    const auto most = std::max_element(votes.begin(), votes.end());
    out.label.push_back(int(most - votes.begin()));
    out.agreement.push_back(double(*most) / double(k));
  }
  return out;
}

}  // namespace latentcell::metric
