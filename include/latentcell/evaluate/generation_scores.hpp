#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/evaluate/score_table.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// How near a set of cells comes to real ones: one row of the table. A score means something only beside the baselines'
/// and the ceiling's. NaN where not measured.
struct GenerationScores {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  // In principal components of log1p(CP10K).
  double w2 = unknown;                ///< exact 2-Wasserstein distance
  double sliced_w2 = unknown;         ///< sliced 2-Wasserstein distance
  double mmd = unknown;               ///< squared MMD, unbiased: around 0, also below, for cells of one law
  double energy = unknown;            ///< energy distance, unbiased
  double nearest_neighbor = unknown;  ///< leave-one-out 1-NN accuracy, 0.5 at best
  double coverage = unknown;          ///< share of real neighborhoods with an evaluated cell inside
  double density = unknown;           ///< real neighborhoods around an evaluated cell, 1 at best
  double silhouette = unknown;        ///< of the labels; nearer to that of held-out real cells is better
  double label_accuracy = unknown;    ///< share of labels that a classifier trained on real cells finds; likewise
  double types_covered = unknown;     ///< share of types whose share, by that classifier, is at least half the real one
  // In genes, on log1p(CP10K).
  double auc = unknown;               ///< of a random forest that separates the cells from real ones, 0.5 at best
  double mean_r = unknown;            ///< correlation of the genes' means
  double variance_r = unknown;        ///< correlation of the genes' variances
  double correlation = unknown;       ///< agreement of the gene-gene correlations of the most variable genes
  double zeros = unknown;             ///< share of zeros, evaluated cells minus real ones
  double gene_wasserstein = unknown;  ///< mean over genes of the 1-Wasserstein distance
};

/// Names and values, in the order of generation_metrics.
inline std::vector<std::pair<std::string, double>> entries(const GenerationScores& s) {
  return {{"w2", s.w2},
          {"sliced_w2", s.sliced_w2},
          {"mmd", s.mmd},
          {"energy", s.energy},
          {"nearest_neighbor", s.nearest_neighbor},
          {"coverage", s.coverage},
          {"density", s.density},
          {"auc", s.auc},
          {"mean_r", s.mean_r},
          {"variance_r", s.variance_r},
          {"correlation", s.correlation},
          {"zeros", s.zeros},
          {"gene_wasserstein", s.gene_wasserstein},
          {"silhouette", s.silhouette},
          {"label_accuracy", s.label_accuracy},
          {"types_covered", s.types_covered}};
}

/// The columns of a table of GenerationScores.
/// ceiling: of held-out real cells, whose silhouette and label accuracy are the targets
inline std::vector<Metric> generation_metrics(const GenerationScores& ceiling) {
  return {{.name = "w2", .better = Better::lower},
          {.name = "sliced_w2", .better = Better::lower},
          {.name = "mmd", .better = Better::lower},
          {.name = "energy", .better = Better::lower},
          {.name = "nearest_neighbor", .better = Better::neither, .target = 0.5},
          {.name = "coverage"},
          {.name = "density", .better = Better::neither, .target = 1},
          {.name = "auc", .better = Better::neither, .target = 0.5},
          {.name = "mean_r"},
          {.name = "variance_r"},
          {.name = "correlation"},
          {.name = "zeros", .better = Better::neither, .target = 0},
          {.name = "gene_wasserstein", .better = Better::lower},
          {.name = "silhouette", .better = Better::neither, .target = ceiling.silhouette},
          {.name = "label_accuracy", .better = Better::neither, .target = ceiling.label_accuracy},
          {.name = "types_covered"}};
}

/// The values of a row of that table.
inline std::vector<double> values_of(const GenerationScores& scores) {
  std::vector<double> out;
  for (const auto& [name, value] : entries(scores)) out.push_back(value);
  return out;
}

}  // namespace latentcell::evaluate
