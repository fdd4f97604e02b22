#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include <latentcell/metric/density_coverage.hpp>
#include <latentcell/metric/energy_distance.hpp>
#include <latentcell/metric/gene_correlation.hpp>
#include <latentcell/metric/gene_wasserstein.hpp>
#include <latentcell/metric/logistic_regression.hpp>
#include <latentcell/metric/most_variable.hpp>
#include <latentcell/metric/nearest_neighbor_test.hpp>
#include <latentcell/metric/silhouette.hpp>
#include <latentcell/metric/sliced_wasserstein.hpp>
#include <latentcell/metric/two_sample_auc.hpp>
#include <latentcell/metric/types_covered.hpp>
#include <latentcell/metric/wasserstein.hpp>
#include <latentcell/evaluate/class_scores.hpp>
#include <latentcell/evaluate/generation_scores.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Held-out real cells that every row of the table is compared with.
struct ReferenceCells {
  Index neighbors = 5;                                   ///< of density and coverage
  Index trees = 300;                                     ///< of the forest
  Counts logged;                                         ///< (n, G) log1p(CP10K)
  Matrix<float> points;                                  ///< (n, k) components
  std::vector<int> codes;                                ///< (n) classes
  std::vector<Index> variable;                           ///< genes the forest and the correlations look at
  double bandwidth = 0;                                  ///< of the MMD
  std::optional<metric::LogisticRegression> classifier;  ///< of classes; none where there is one class
  Rng slices{0}, folds{0};                               ///< the same for every row

  /// Fills the scores in components.
  /// x (n, k), one cell for each code
  void score_points(ConstView<float> x, GenerationScores& to) const {
    const ConstView<float> real = view(points);
    Rng own = slices;
    to.w2 = metric::wasserstein2(real, x);
    to.sliced_w2 = metric::sliced_wasserstein(real, x, metric::SlicedWassersteinOptions{}, own);
    if (bandwidth > 0.0) to.mmd = metric::mmd(real, x, bandwidth);
    to.energy = metric::energy_distance(real, x);
    to.nearest_neighbor = metric::nearest_neighbor_test(real, x).accuracy;
    const metric::DensityCoverage inside = metric::density_coverage(real, x, {.neighbors = neighbors});
    to.density = inside.density;
    to.coverage = inside.coverage;
    if (!classifier) return;
    to.silhouette = metric::silhouette(x, codes);
    to.label_accuracy = label_accuracy(x, codes);
    to.types_covered = metric::types_covered(codes, classifier->predict(x), classifier->classes().back() + 1);
  }

  /// Fills the scores in genes.
  /// x (n, G), log1p(CP10K)
  void score_genes(const CountsView& x, GenerationScores& to) const {
    const metric::MomentAgreement moments = metric::compare_moments(logged, x);
    to.mean_r = moments.mean_correlation;
    to.variance_r = moments.variance_correlation;
    to.zeros = moments.zero_difference;
    to.correlation = metric::gene_correlation(logged, x, variable);
    to.gene_wasserstein = 0;
    for (const double d : metric::gene_wasserstein(logged, x)) to.gene_wasserstein += d / double(x.cols);
    Rng own = folds;
    const Matrix<float> a = metric::dense_columns(logged, variable), b = metric::dense_columns(x, variable);
    to.auc = metric::two_sample_auc(view(a), view(b), {.folds = 3, .forest = {.trees = trees, .depth = 8}}, own);
  }

  /// Fills the scores of one class: coverage of its real cells by its generated and by its held-out cells, and the
  /// classifier's accuracy on both.
  /// generated (n, k), held_out (n, k)
  void score_class(int code, ConstView<float> generated, ConstView<float> held_out, ClassScores& to) const {
    std::vector<Index> own;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (codes[i] == code) own.push_back(Index(i));
    }
    to.held_out = Index(own.size());
    const Matrix<float> real = metric::pick_rows(view(points), own);
    const std::vector<int> label(own.size(), code);
    const auto score = [&](ConstView<float> x, double& coverage, double& accuracy) {
      const Matrix<float> cells = metric::pick_rows(x, own);
      if (to.held_out > neighbors) {
        coverage = metric::density_coverage(view(real), view(cells), {.neighbors = neighbors}).coverage;
      }
      if (classifier) accuracy = label_accuracy(view(cells), label);
    };
    score(generated, to.coverage, to.accuracy);
    score(held_out, to.coverage_ceiling, to.accuracy_ceiling);
  }

  /// Share of the cells that the classifier gives their label.
  /// x (m, k), labels (m)
  double label_accuracy(ConstView<float> x, std::span<const int> labels) const {
    const std::vector<int> predicted = classifier->predict(x);
    double right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) right += double(predicted[i] == labels[i]);
    return right / double(labels.size());
  }
};

}  // namespace latentcell::evaluate
