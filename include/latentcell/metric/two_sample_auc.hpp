#pragma once

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/metric/random_forest.hpp>
#include <latentcell/metric/roc_auc.hpp>
#include <latentcell/metric/subsample.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Settings of two_sample_auc.
struct TwoSampleAucOptions {
  Index folds = 3;             ///< each is scored by a forest grown on the others
  RandomForestOptions forest;  ///< 300 trees of depth 8

  static void visit(auto& self, auto&& f) {
    f("folds", self.folds, at_least(2));
    f("forest", self.forest);
  }
};

/// How well a random forest separates two sets of cells: the area under the ROC curve of its probabilities for cells
/// it was not grown on, all folds together. 0.5 where it cannot, 1 where it always can. Each fold has its share of both
/// sets. Compare sets of equal sizes.
/// real (N, D), generated (M, D); N, M >= folds
inline double two_sample_auc(ConstView<float> real, ConstView<float> generated, const TwoSampleAucOptions& options,
                             Rng& rng) {
  const Index n = real.rows(), m = generated.rows(), folds = check_options("two_sample_auc", options).folds;
  LATENTCELL_REQUIRE(real.cols() == generated.cols(), "two_sample_auc: ", real.cols(), " features and ",
                     generated.cols(), " features");
  LATENTCELL_REQUIRE(n >= folds && m >= folds, "two_sample_auc: ", folds, " folds of ", n, " and ", m,
                     " cells; needs a cell of each set in every fold");
  Matrix<float> pooled(n + m, real.cols());
  std::copy_n(real.data(), real.size(), pooled.data());
  std::copy_n(generated.data(), generated.size(), pooled.data() + real.size());
  std::vector<Index> fold(to_size(n + m));
  for (const auto& [first, size] : {std::pair(Index(0), n), std::pair(n, m)}) {
    for (Index i = 0; i < size; ++i) fold[to_size(first + i)] = i % folds;
    shuffle(std::span<Index>(fold).subspan(to_size(first), to_size(size)), rng);
  }
  std::vector<double> score(to_size(n + m));
  for (Index f = 0; f < folds; ++f) {
    std::vector<Index> inside, outside;
    std::vector<int> labels;
    for (Index i = 0; i < n + m; ++i) {
      if (fold[to_size(i)] == f) {
        inside.push_back(i);
      } else {
        outside.push_back(i);
        labels.push_back(i < n ? 0 : 1);
      }
    }
    const Matrix<float> grown_on = pick_rows(view(pooled), outside);
    const Matrix<float> scored = pick_rows(view(pooled), inside);
    const RandomForest forest(view(grown_on), labels, 2, options.forest, rng);
    const Matrix<double> probability = forest.probabilities(view(scored));
    for (std::size_t i = 0; i < inside.size(); ++i) score[to_size(inside[i])] = probability(Index(i), 1);
  }
  const std::span<const double> all(score);
  return roc_auc(all.first(to_size(n)), all.subspan(to_size(n)));
}

}  // namespace latentcell::metric
