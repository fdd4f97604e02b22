#pragma once

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <latentcell/data/holdout.hpp>
#include <latentcell/mapping/label_parts.hpp>
#include <latentcell/mapping/move_to_query.hpp>
#include <latentcell/metric/subsample.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

/// Cells in the two spaces that labels are looked for in.
struct CellsInSpaces {
  Matrix<float> latent;      ///< (N, D)
  Matrix<float> components;  ///< (N, K)
};

/// Labelled cells, the query, and what the query is thought to be.
struct HeldOutCells {
  const CellsInSpaces& cells;
  const std::vector<int>& codes;  ///< (N) in [0, L)
  const CellsInSpaces& query;
  const Matrix<double>& probabilities;       ///< (M, L) of the query's labels, for move_to_query
  const LabelledPoints& replay;              ///< that vote in the latent
  const std::vector<Index>& replay_holdout;  ///< of each replay cell; -1: it stays
};

/// What each part says of cells that were held out.
struct HeldOutLabels {
  std::vector<Matrix<double>> parts;  ///< of (N', L) probabilities, in the order of label_parts
  std::vector<int> codes;             ///< (N') true labels
};

/// Labels held-out cells as the query is: they are moved to it first (move_to_query), so that the parts are evaluated
/// under the shift that they will meet. Cells whose label no other cell has are left out.
/// neighbors: that vote, in each space
inline HeldOutLabels held_out_labels(const HeldOutCells& of, const LabelHoldouts& holdouts, Index neighbors) {
  constexpr Index most = 1000;  // cells of one hold-out
  const Index labels = of.replay.labels;
  const CellsInSpaces moved{move_to_query({of.cells.latent, of.codes, of.query.latent, of.probabilities}),
                            move_to_query({of.cells.components, of.codes, of.query.components, of.probabilities})};
  std::vector<std::vector<Matrix<double>>> found(label_parts.size());
  HeldOutLabels out;
  for (Index f = 0; f < holdouts.count; ++f) {
    const auto [train, test] = hold_out_fold(holdouts.of_cell, f);
    const std::vector<Index> voters = hold_out_fold(of.replay_holdout, f).train;
    std::vector<int> codes, voter_codes;
    for (const Index i : train) codes.push_back(of.codes[to_size(i)]);
    for (const Index i : voters) voter_codes.push_back(of.replay.codes[to_size(i)]);
    const std::set<int> elsewhere(codes.begin(), codes.end());
    std::vector<Index> rows;
    for (const Index i : test) {
      if (elsewhere.count(of.codes[to_size(i)]) > 0) rows.push_back(i);
    }
    if (rows.empty() || voters.empty()) continue;
    if (Index(rows.size()) > most) {
      Rng rng(0, fold_stream);
      std::vector<Index> kept;
      for (const Index k : metric::subsample_rows(Index(rows.size()), most, rng)) kept.push_back(rows[to_size(k)]);
      rows = std::move(kept);
    }
    for (const Index i : rows) out.codes.push_back(of.codes[to_size(i)]);
    const Matrix<float> at = metric::pick_rows(view(of.cells.components), train),
                        x = metric::pick_rows(view(moved.components), rows);
    found[0].push_back(neighbor_labels({metric::pick_rows(view(of.replay.at), voters), voter_codes, labels},
                                       metric::pick_rows(view(moved.latent), rows), neighbors));
    found[1].push_back(neighbor_labels({at, codes, labels}, x, neighbors));
    found[2].push_back(logistic_labels(fit_logistic_labels({at, codes, labels}), x));
  }
  for (const std::vector<Matrix<double>>& of_part : found) {
    Matrix<double> all(Index(out.codes.size()), labels);
    Index row = 0;
    for (const Matrix<double>& p : of_part) {
      all.middleRows(row, p.rows()) = p;
      row += p.rows();
    }
    out.parts.push_back(std::move(all));
  }
  return out;
}

}  // namespace latentcell::mapping
