#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/metric/energy_distance.hpp>
#include <latentcell/metric/median_distance.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/metric/perturbation_effect.hpp>
#include <latentcell/perturbation/latent_arithmetic.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Held-out cells of one group under one condition: the truth of an evaluation.
struct HeldOutGroup {
  const CellTable& truth;  ///< (N, genes), at least 4 cells
  std::string group, condition;
};

/// Returns the metrics of `evaluate`. Genes are compared by their means and variances of log1p(CP10K), see
/// metric::PerturbationEffect; cells in 50 principal components of the other groups.
inline std::vector<evaluate::Metric> metrics() {
  using evaluate::Better;
  std::vector<evaluate::Metric> out;
  for (const char* name :
       {"r", "r_top20", "r_top50", "r_top100", "r2_mean_top10", "r2_mean_top20", "r2_mean_top50", "r2_mean_changed",
        "r2_variance_top10", "r2_variance_top20", "r2_variance_top50", "r2_variance_changed", "sign"})
    out.push_back({.name = name});
  out.push_back({.name = "spread", .better = Better::neither, .target = 1});
  out.push_back({.name = "changed_genes", .better = Better::neither});
  out.push_back({.name = "energy", .better = Better::lower});
  out.push_back({.name = "mmd", .better = Better::lower});
  return out;
}

/// Compares predictions of one group and condition with its held-out cells. Baselines use the training cells only.
class Evaluator {
 public:
  static constexpr Index min_cells = 10;  ///< of a group in control and perturbed, for its shift to be a baseline

  /// train (N, G): the model's training cells, with control cells of the group and without its held-out cells
  Evaluator(const CellTable& train, const HeldOutGroup& held_out, const Options& o, Rng& rng)
      : genes_(train.gene_names),
        log_train_(log_normalize(train.counts)),
        log_truth_(log_normalize(align_genes(held_out.truth, train.gene_names).cells.counts)) {
    const Categorical group = group_labels(train.cell_columns, o);
    own_ = o.group.empty() ? 0 : std::size_t(group.code_of(held_out.group));
    find_rows(train.obs(o.condition), group, o.control, held_out.condition);
    const Counts own_control = select_rows(log_train_, control_[own_]);
    LATENTCELL_REQUIRE(own_control.rows() >= 2 && log_truth_.rows() >= 4, "evaluate: group '", held_out.group, "' has ",
                       own_control.rows(), " control cells and ", log_truth_.rows(), " held-out cells under '",
                       held_out.condition, "'; at least 2 and 4 are needed");
    control_moments_ = metric::gene_moments(own_control);
    truth_moments_ = metric::gene_moments(log_truth_);
    // Components fitted to the compared cells would be fitted to their noise, which no prediction can have.
    std::vector<Index> others;
    for (Index i = 0; i < train.cells(); ++i) {
      if (group.codes[to_size(i)] != int(own_)) others.push_back(i);
    }
    const Counts elsewhere = others.size() > 100 ? select_rows(log_train_, others) : log_train_;
    const Index k = std::min<Index>(50, std::min(elsewhere.rows(), elsewhere.cols()) - 1);
    pca_ = kernel::LogPca::fit_logged(elsewhere, k, rng);
    control_points_ = pca_.project_logged(own_control);
    truth_points_ = pca_.project_logged(log_truth_);
    // The median of the real cells alone: one kernel for all rows.
    bandwidth_ = metric::median_distance(view(truth_points_));
    shift_pca_ = kernel::LogPca::fit_logged(log_train_, std::min<Index>(30, k), rng);
  }

  /// Returns the scores of predicted cells, in any genes that contain the training cells'.
  std::vector<double> score(const CellTable& predicted) const {
    const Counts logs = log_normalize(align_genes(predicted, genes_).cells.counts);
    return scores(metric::gene_moments(logs), pca_.project_logged(logs));
  }

  /// Adds the group's control cells unchanged and, where other groups were perturbed, moved by a shift of the gene
  /// means: the mean of the groups' shifts, that of all their cells pooled, the first within 30 principal components,
  /// and that of the most similar group.
  void add_baselines(evaluate::ScoreTable& to) const {
    const std::size_t genes = control_moments_.mean.size();
    const auto add = [&](const char* method, const std::vector<double>& shift) {
      to.add(method, evaluate::Role::baseline, shifted(shift));
    };
    add("control cells", std::vector<double>(genes, 0.0));
    std::vector<double> mean(genes, 0.0), nearest(genes, 0.0);
    double groups = 0, best = -2;
    for (std::size_t g = 0; g < control_.size(); ++g) {
      if (g == own_ || Index(control_[g].size()) < min_cells || Index(perturbed_[g].size()) < min_cells) continue;
      const std::vector<double> before = mean_of(control_[g]), after = mean_of(perturbed_[g]);
      const double similarity = metric::pearson(before, control_moments_.mean);
      for (std::size_t k = 0; k < genes; ++k) {
        mean[k] += after[k] - before[k];
        if (similarity > best) nearest[k] = after[k] - before[k];
      }
      best = std::max(best, similarity);
      groups += 1;
    }
    if (groups == 0) return;
    for (double& m : mean) m /= groups;
    add("mean shift of other groups", mean);
    add("pooled shift", pooled_shift());
    add("shift in 30 components", within_components(mean));
    add("nearest group's shift", nearest);
  }

  /// Returns the scores of one half of the held-out cells against the other: the ceiling of a model with as many cells.
  std::vector<double> split_half_ceiling() const {
    std::vector<Index> halves[2];
    for (Index i = 0; i < log_truth_.rows(); ++i) halves[i % 2].push_back(i);
    const Counts a = select_rows(log_truth_, halves[0]), b = select_rows(log_truth_, halves[1]);
    const auto effect = metric::perturbation_effect(control_moments_, control_points_.rows(), metric::gene_moments(b),
                                                    b.rows(), metric::gene_moments(a));
    return values(effect, pca_.project_logged(a), pca_.project_logged(b));
  }

 private:
  void find_rows(const Categorical& condition, const Categorical& group, const std::string& control,
                 const std::string& perturbed) {
    control_.resize(group.levels.size());
    perturbed_.resize(group.levels.size());
    for (std::size_t i = 0; i < group.codes.size(); ++i) {
      if (group.codes[i] < 0 || condition.codes[i] < 0) continue;
      const std::string& name = condition.levels[std::size_t(condition.codes[i])];
      if (name == control) control_[std::size_t(group.codes[i])].push_back(Index(i));
      if (name == perturbed) perturbed_[std::size_t(group.codes[i])].push_back(Index(i));
    }
  }

  std::vector<double> mean_of(const std::vector<Index>& rows) const {
    std::vector<double> out(to_size(log_train_.cols()), 0.0);
    const CountsView x = log_train_;
    for (const Index r : rows) {
      for (std::size_t k = 0; k < x.row_columns(r).size(); ++k) {
        out[std::size_t(x.row_columns(r)[k])] += double(x.row_values(r)[k]) / double(rows.size());
      }
    }
    return out;
  }

  std::vector<double> pooled_shift() const {
    std::vector<Index> control, perturbed;
    for (std::size_t g = 0; g < control_.size(); ++g) {
      if (g == own_) continue;
      control.insert(control.end(), control_[g].begin(), control_[g].end());
      perturbed.insert(perturbed.end(), perturbed_[g].begin(), perturbed_[g].end());
    }
    const std::vector<double> before = mean_of(control);
    std::vector<double> out = mean_of(perturbed);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] -= before[k];
    return out;
  }

  std::vector<double> within_components(const std::vector<double>& shift) const {
    std::vector<double> out(shift.size(), 0.0);
    const Matrix<float>& axes = shift_pca_.pca.components;
    for (Index c = 0; c < axes.rows(); ++c) {
      double along = 0;
      for (std::size_t k = 0; k < shift.size(); ++k) along += shift[k] * double(axes(c, Index(k)));
      for (std::size_t k = 0; k < shift.size(); ++k) out[k] += along * double(axes(c, Index(k)));
    }
    return out;
  }

  /// Scores of the control cells, all moved by one shift of the gene means.
  std::vector<double> shifted(const std::vector<double>& shift) const {
    metric::GeneMoments moments = control_moments_;
    for (std::size_t g = 0; g < shift.size(); ++g) moments.mean[g] += shift[g];
    Matrix<float> points = control_points_;
    for (Index c = 0; c < points.cols(); ++c) {
      double along = 0;
      for (std::size_t g = 0; g < shift.size(); ++g) along += shift[g] * double(pca_.pca.components(c, Index(g)));
      points.col(c).array() += float(along);
    }
    return scores(moments, points);
  }

  std::vector<double> scores(const metric::GeneMoments& moments, const Matrix<float>& points) const {
    return values(metric::perturbation_effect(control_moments_, control_points_.rows(), truth_moments_,
                                              log_truth_.rows(), moments),
                  points, truth_points_);
  }

  std::vector<double> values(const metric::PerturbationEffect& e, const Matrix<float>& predicted,
                             const Matrix<float>& truth) const {
    return {e.r,
            e.r_top20,
            e.r_top50,
            e.r_top100,
            e.r2_mean_top10,
            e.r2_mean_top20,
            e.r2_mean_top50,
            e.r2_mean_changed,
            e.r2_variance_top10,
            e.r2_variance_top20,
            e.r2_variance_top50,
            e.r2_variance_changed,
            e.sign,
            e.spread,
            e.changed,
            metric::energy_distance(view(predicted), view(truth)),
            metric::mmd(view(predicted), view(truth), bandwidth_)};
  }

  std::vector<std::string> genes_;
  Counts log_train_, log_truth_;
  std::vector<std::vector<Index>> control_, perturbed_;  // rows of each group
  std::size_t own_ = 0;
  metric::GeneMoments control_moments_, truth_moments_;
  kernel::LogPca pca_, shift_pca_;
  Matrix<float> control_points_, truth_points_;
  double bandwidth_ = 0;  // of the MMD's kernel
};

/// Compares predicted cells of a held-out group with its true cells, beside the baselines and the split-half ceiling.
///
/// train (N, G): all training cells; predicted (M, genes): of the group under the condition
inline evaluate::ScoreTable evaluate(const Model& model, const CellTable& train, const HeldOutGroup& held_out,
                                     const CellTable& predicted, Rng& rng) {
  const Evaluator evaluator(train, held_out, model.options, rng);
  evaluate::ScoreTable out(metrics());
  out.add("latentcell", evaluate::Role::model, evaluator.score(predicted));
  evaluator.add_baselines(out);
  const CellTable arithmetic =
      latent_arithmetic(model, train, encode(model.vae, train), held_out.group, held_out.condition, rng);
  out.add("latent arithmetic", evaluate::Role::baseline, evaluator.score(arithmetic));
  out.add("split half", evaluate::Role::ceiling, evaluator.split_half_ceiling());
  return out;
}

}  // namespace latentcell::perturbation
