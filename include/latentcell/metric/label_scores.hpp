#pragma once

#include <limits>
#include <span>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// How well found labels agree with true ones.
struct LabelScores {
  std::vector<double> f1;    ///< (K) harmonic mean of a label's precision and recall; 0 for one never found rightly
  std::vector<Index> cells;  ///< (K) of each true label
  double macro_f1 = 0;       ///< mean over the labels that have cells: a rare one counts as much as a common one
  double accuracy = 0;       ///< share found rightly

  /// Returns F1 of each label that has cells, else NaN.     -> (K)
  std::vector<double> measured_f1() const {
    std::vector<double> out = f1;
    for (std::size_t k = 0; k < out.size(); ++k) {
      if (cells[k] == 0) out[k] = std::numeric_limits<double>::quiet_NaN();
    }
    return out;
  }
};

/// truth (N), negative where missing: such cells are left out; found (N), negative where there is no prediction, which
/// is wrong. Labels are below `labels`.
inline LabelScores label_scores(std::span<const int> truth, std::span<const int> found, Index labels) {
  LATENTCELL_REQUIRE(truth.size() == found.size(), "label_scores: ", truth.size(), " true labels but ", found.size(),
                     " found ones");
  LabelScores out{.f1 = std::vector<double>(to_size(labels), 0.0), .cells = std::vector<Index>(to_size(labels), 0)};
  std::vector<double> predicted(to_size(labels), 0.0), right(to_size(labels), 0.0);
  double labelled = 0, agreed = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    LATENTCELL_REQUIRE(truth[i] < labels && found[i] < labels, "label_scores: cell ", i, " has labels ", truth[i],
                       " and ", found[i], " of ", labels);
    if (truth[i] < 0) continue;
    labelled += 1;
    ++out.cells[to_size(truth[i])];
    if (found[i] < 0) continue;
    predicted[to_size(found[i])] += 1;
    if (found[i] != truth[i]) continue;
    agreed += 1;
    right[to_size(truth[i])] += 1;
  }
  LATENTCELL_REQUIRE(labelled > 0, "label_scores: none of ", truth.size(), " cells has a label");
  double present = 0;
  for (std::size_t k = 0; k < out.f1.size(); ++k) {
    if (out.cells[k] == 0) continue;
    // 2 right / (predicted + true), which is the harmonic mean of precision and recall.
    out.f1[k] = 2 * right[k] / (predicted[k] + double(out.cells[k]));
    out.macro_f1 += out.f1[k];
    present += 1;
  }
  out.macro_f1 /= present;
  out.accuracy = agreed / labelled;
  return out;
}

}  // namespace latentcell::metric
