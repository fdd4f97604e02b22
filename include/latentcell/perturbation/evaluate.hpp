#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/metric/energy_distance.hpp>
#include <latentcell/metric/perturbation_effect.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/perturbation/model.hpp>

namespace latentcell {

/// What a prediction of one group and condition is worth beside the true cells.
struct PerturbationScore {
  std::string who;  ///< the model, or the floor's name
  metric::PerturbationEffect effect = {};
  double energy = 0;  ///< energy distance to the true cells in 50 principal components of the other groups
  double mmd = 0;     ///< squared maximum mean discrepancy there
};

/// The numbers of a score with their names, in the order of reports.
inline std::vector<std::pair<std::string, double>> entries(const PerturbationScore& s) {
  const metric::PerturbationEffect& e = s.effect;
  return {{"r", e.r},
          {"r_top20", e.r_top20},
          {"r_top50", e.r_top50},
          {"r_top100", e.r_top100},
          {"r2_mean_top10", e.r2_mean_top10},
          {"r2_mean_top20", e.r2_mean_top20},
          {"r2_mean_top50", e.r2_mean_top50},
          {"r2_mean_changed", e.r2_mean_changed},
          {"r2_variance_top10", e.r2_variance_top10},
          {"r2_variance_top20", e.r2_variance_top20},
          {"r2_variance_top50", e.r2_variance_top50},
          {"r2_variance_changed", e.r2_variance_changed},
          {"sign", e.sign},
          {"spread", e.spread},
          {"changed_genes", e.changed},
          {"energy", s.energy},
          {"mmd", s.mmd}};
}

/// A floor: the mean movement of the other groups' latents, added to those of the group's control cells (scGen,
/// Lotfollahi et al. 2019), drawn from the model's likelihood. train (N, G), latents (N, D) of the same cells ->
/// one cell for each control cell of the group
inline CellTable latent_arithmetic(const Perturbation& model, const CellTable& train, const LatentTable& latents,
                                   const std::string& group, const std::string& condition, Rng& rng) {
  const PerturbationOptions& o = model.options;
  const Categorical what = train.obs(o.condition);
  const Categorical of = o.group.empty() ? no_labels(train.cells()) : train.obs(o.group);
  const Index d = latents.latent(), groups = Index(of.levels.size());
  Matrix<float> sums[2] = {Matrix<float>::Zero(groups, d), Matrix<float>::Zero(groups, d)};
  std::vector<double> cells[2] = {std::vector<double>(to_size(groups)), std::vector<double>(to_size(groups))};
  std::vector<Index> own;
  for (Index i = 0; i < train.cells(); ++i) {
    const int g = of.codes[to_size(i)], w = what.codes[to_size(i)];
    if (g < 0 || w < 0) continue;
    const std::string& name = what.levels[std::size_t(w)];
    if (name != o.control && name != condition) continue;
    const int side = name == o.control ? 0 : 1;
    sums[side].row(g) += latents.mean.row(i);
    cells[side][std::size_t(g)] += 1;
    if (side == 0 && (o.group.empty() || of.levels[std::size_t(g)] == group)) own.push_back(i);
  }
  RowVector<float> by = RowVector<float>::Zero(d);
  float used = 0;
  for (Index g = 0; g < groups; ++g) {
    const double before = cells[0][to_size(g)], after = cells[1][to_size(g)];
    if (before < 1 || after < 1 || (!o.group.empty() && of.levels[to_size(g)] == group)) continue;
    by += sums[1].row(g) / float(after) - sums[0].row(g) / float(before);
    used += 1;
  }
  LatentTable z = latents.select_cells(own);
  z.mean = z.drawn(rng);
  if (used > 0) z.mean.rowwise() += by / used;
  return draw(model.vae, z, rng, {.strata = std::vector<int>(own.size(), 0)});
}

/// Judges predictions of one group under one condition, and the floors that a model has to beat. Floors are made of the
/// training cells alone; the true cells only judge.
class PerturbationEvaluator {
 public:
  static constexpr Index few = 10;  ///< a group with fewer cells on either side lends no shift

  /// train: the model's own cells, without the judged ones; truth: the group's cells under the condition
  PerturbationEvaluator(const CellTable& train, const CellTable& truth, const PerturbationOptions& o, std::string group,
                        std::string condition, Rng& rng)
      : group_(std::move(group)),
        condition_(std::move(condition)),
        log_train_(log_normalize(train.counts)),
        log_truth_(log_normalize(align_genes(truth, train.gene_names).cells.counts)) {
    const Categorical what = train.obs(o.condition);
    const Categorical of = o.group.empty() ? no_labels(train.cells()) : train.obs(o.group);
    const int own = o.group.empty() ? 0 : of.code(group_), none = what.code(o.control);
    const auto here = std::find(what.levels.begin(), what.levels.end(), condition_);
    const int wanted = here == what.levels.end() ? -2 : int(here - what.levels.begin());
    control_.resize(of.levels.size());
    perturbed_.resize(of.levels.size());
    for (Index i = 0; i < train.cells(); ++i) {
      const int g = of.codes[to_size(i)], w = what.codes[to_size(i)];
      if (g < 0) continue;
      if (w == none) control_[std::size_t(g)].push_back(i);
      if (w == wanted) perturbed_[std::size_t(g)].push_back(i);
    }
    own_ = std::size_t(own);
    const Counts mine = select_rows(log_train_, control_[own_]);
    LATENTCELL_REQUIRE(mine.rows() >= 2 && log_truth_.rows() >= 4, "judge: group '", group_, "' has ", mine.rows(),
                       " control cells and ", log_truth_.rows(), " cells to judge by under '", condition_,
                       "'; at least 2 and 4 are needed");
    control_moments_ = metric::gene_moments(mine);
    truth_moments_ = metric::gene_moments(log_truth_);
    // Directions fitted to the very cells that are compared would be fitted to their noise too, which no prediction
    // can have.
    std::vector<Index> others;
    for (Index i = 0; i < train.cells(); ++i) {
      if (of.codes[to_size(i)] != own) others.push_back(i);
    }
    const Counts elsewhere = others.size() > 100 ? select_rows(log_train_, others) : log_train_;
    const Index k = std::min<Index>(50, std::min(elsewhere.rows(), elsewhere.cols()) - 1);
    pca_ = kernel::fit_pca(elsewhere, {.components = k}, rng);
    control_points_ = kernel::project(pca_, mine);
    truth_points_ = kernel::project(pca_, log_truth_);
    train_pca_ = kernel::fit_pca(log_train_, {.components = std::min<Index>(30, k)}, rng);
  }

  /// Predicted cells, in any genes that hold the training cells'.
  PerturbationScore score(std::string who, const CellTable& predicted, const std::vector<std::string>& genes) const {
    const Counts logs = log_normalize(align_genes(predicted, genes).cells.counts);
    return scored(std::move(who), metric::gene_moments(logs), kernel::project(pca_, logs));
  }

  /// No change, mean shift of the other groups, pooled shift, shift in 30 principal components, nearest group's shift.
  std::vector<PerturbationScore> floors() const {
    const std::size_t genes = control_moments_.mean.size();
    std::vector<double> none(genes, 0.0), mean(genes, 0.0), nearest(genes, 0.0), pooled(genes, 0.0);
    std::vector<Index> all_control, all_perturbed;
    double groups = 0, best = -2;
    for (std::size_t g = 0; g < control_.size(); ++g) {
      if (g == own_) continue;
      all_control.insert(all_control.end(), control_[g].begin(), control_[g].end());
      all_perturbed.insert(all_perturbed.end(), perturbed_[g].begin(), perturbed_[g].end());
      if (Index(control_[g].size()) < few || Index(perturbed_[g].size()) < few) continue;
      const std::vector<double> before = mean_of(control_[g]), after = mean_of(perturbed_[g]);
      const double likeness = metric::pearson(before, control_moments_.mean);
      for (std::size_t k = 0; k < genes; ++k) {
        mean[k] += after[k] - before[k];
        if (likeness > best) nearest[k] = after[k] - before[k];
      }
      best = std::max(best, likeness);
      groups += 1;
    }
    std::vector<PerturbationScore> out{shifted("no change", none)};
    if (groups == 0) return out;
    for (double& m : mean) m /= groups;
    const std::vector<double> before = mean_of(all_control), after = mean_of(all_perturbed);
    for (std::size_t k = 0; k < genes; ++k) pooled[k] = after[k] - before[k];
    std::vector<double> linear(genes, 0.0);
    for (Index c = 0; c < train_pca_.components.rows(); ++c) {
      double along = 0;
      for (std::size_t k = 0; k < genes; ++k) along += mean[k] * double(train_pca_.components(c, Index(k)));
      for (std::size_t k = 0; k < genes; ++k) linear[k] += along * double(train_pca_.components(c, Index(k)));
    }
    out.push_back(shifted("mean shift of other groups", mean));
    out.push_back(shifted("pooled shift", pooled));
    out.push_back(shifted("shift in 30 components", linear));
    out.push_back(shifted("nearest group's shift", nearest));
    return out;
  }

  /// One half of the true cells as the prediction of the other: what no model can better with as many cells.
  PerturbationScore split_half_ceiling() const {
    std::vector<Index> halves[2];
    for (Index i = 0; i < log_truth_.rows(); ++i) halves[i % 2].push_back(i);
    const Counts a = select_rows(log_truth_, halves[0]), b = select_rows(log_truth_, halves[1]);
    PerturbationScore out{.who = "half of the true cells"};
    out.effect = metric::perturbation_effect(control_moments_, control_points_.rows(), metric::gene_moments(b),
                                             b.rows(), metric::gene_moments(a));
    const Matrix<float> x = kernel::project(pca_, a), y = kernel::project(pca_, b);
    out.energy = metric::energy_distance(view(x), view(y));
    out.mmd = metric::mmd(view(x), view(y));
    return out;
  }

 private:
  static ConstView<float> view(const Matrix<float>& m) { return {m.data(), m.rows(), m.cols()}; }

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

  PerturbationScore scored(std::string who, const metric::GeneMoments& moments, const Matrix<float>& points) const {
    PerturbationScore out{.who = std::move(who)};
    out.effect = metric::perturbation_effect(control_moments_, control_points_.rows(), truth_moments_,
                                             log_truth_.rows(), moments);
    out.energy = metric::energy_distance(view(points), view(truth_points_));
    out.mmd = metric::mmd(view(points), view(truth_points_));
    return out;
  }

  // The control cells, all moved by the same vector.
  PerturbationScore shifted(std::string who, const std::vector<double>& shift) const {
    metric::GeneMoments moments = control_moments_;
    for (std::size_t g = 0; g < shift.size(); ++g) moments.mean[g] += shift[g];
    Matrix<float> points = control_points_;
    for (Index c = 0; c < points.cols(); ++c) {
      double along = 0;
      for (std::size_t g = 0; g < shift.size(); ++g) along += shift[g] * double(pca_.components(c, Index(g)));
      points.col(c).array() += float(along);
    }
    return scored(std::move(who), moments, points);
  }

  std::string group_, condition_;
  Counts log_train_, log_truth_;
  std::vector<std::vector<Index>> control_, perturbed_;  // rows of each group
  std::size_t own_ = 0;
  metric::GeneMoments control_moments_, truth_moments_;
  kernel::Pca<float> pca_, train_pca_;
  Matrix<float> control_points_, truth_points_;
};

}  // namespace latentcell
