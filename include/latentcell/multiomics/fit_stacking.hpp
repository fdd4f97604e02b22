#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/conformal/predict.hpp>
#include <latentcell/data/assign_folds.hpp>
#include <latentcell/metric/stacking_weights.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/multiomics/fit_joint.hpp>
#include <latentcell/multiomics/stacked_latents.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

struct JointFoldOptions {
  Index joint_folds = 3;  ///< joint models trained for the weights, each without a fold of the cells; at least 2.
                          ///< Larger: nearer to the final one, more time. 0: the joint model predicts no target
  metric::StackingOptions weights = {};

  static void visit(auto& self, auto&& f) {
    f("joint_folds", self.joint_folds, at_least(0));
    f("weights", self.weights);
  }
};

/// Throws std::invalid_argument, beginning with `caller`, for one fold.
inline void check_joint_folds(const char* caller, Index folds) {
  LATENTCELL_REQUIRE(folds != 1, caller, ": one joint fold alone cannot be left out; give 2 or more, or 0");
}

/// Cells that a model is trained on.
struct TrainingCells {
  Modality target;                ///< cells without it are not used
  std::vector<Modality> sources;  ///< of the same cells
  /// RNA and the other modalities of all cells, those above first, in their order; empty: no joint model is trained
  std::vector<Modality> joint{};
};

/// Throws std::invalid_argument, beginning with `caller`, if the joint model's cells do not begin with those of the
/// target, in their order. Compared are the marks of measured cells and the sums of counts of the modality that is the
/// target; where there is none with its name and features, nothing is.
inline void check_joint_cells(const char* caller, const TrainingCells& cells) {
  const Modality& target = cells.target;
  const Index n = target.cells();
  for (const Modality& m : cells.joint) {
    if (m.name != target.name || m.features != target.features) continue;
    LATENTCELL_REQUIRE(m.cells() >= n, caller, ": ", m.cells(), " cells of the joint model, but ", n, " with sources");
    const CountsView a = m.counts.view(), b = target.counts.view();
    for (Index i = 0; i < n; ++i) {
      const bool used = target.measured[to_size(i)] != 0;
      const bool same = (m.measured[to_size(i)] != 0) == used && (!used || a.row_sum(i) == b.row_sum(i));
      LATENTCELL_REQUIRE(same, caller,
                         ": the joint model's cells must begin with those of the target, in their order; '", m.name,
                         "' differs in row ", i);
    }
  }
}

/// Stage of the joint model that is trained without a fold.
inline std::string nested_joint_stage(const JointFitOptions& o, Index fold) {
  return text(o.stage, "_nested_", fold + 1);
}

namespace detail {

/// Trains a joint model without each fold of the cells and predicts the target of that fold.
/// -> (N, D); nothing if a training was interrupted
inline std::optional<Matrix<float>> out_of_fold_joint(const Model& model, const TrainingCells& cells,
                                                      const JointFitOptions& joint, Index folds, Stages& stages,
                                                      Rng& rng) {
  const Index n = cells.target.cells(), all = cells.joint.front().cells();
  const std::vector<Index> fold = assign_folds(n, folds, model.options.ensemble.fold_seed + 1);
  Matrix<float> out(n, model.target.latent());
  for (Index k = 0; k < folds; ++k) {
    std::vector<Index> kept, left_out;
    for (Index i = 0; i < all; ++i) (i < n && fold[to_size(i)] == k ? left_out : kept).push_back(i);
    std::vector<Modality> train, query;
    for (const Modality& m : cells.joint) train.push_back(select_cells(m, kept));
    for (const Modality& m : cells.sources) query.push_back(select_cells(m, left_out));
    if (left_out.empty()) continue;
    JointFitOptions own = joint;
    own.stage = nested_joint_stage(joint, k);
    const auto nested = fit_joint(std::move(train), own, stages);
    if (!nested) return std::nullopt;
    const Matrix<float> latents = joint_latents(model, *nested, query, rng);
    for (std::size_t i = 0; i < left_out.size(); ++i) out.row(left_out[i]) = latents.row(Index(i));
  }
  return out;
}

/// Ridge predictions of each fold of the ensemble, by regressions without it; then fits those of the model to all.
inline Matrix<float> out_of_fold_ridge(Model& model, const Matrix<float>& condition, const Matrix<float>& target,
                                       const std::vector<char>& measured) {
  const RidgeSource source(model, condition);
  const std::vector<Index> fold = model.flows.folds(condition.rows());
  Matrix<float> out = Matrix<float>::Zero(target.rows(), target.cols());
  std::vector<Index> all;
  for (Index k = 0; k <= Index(model.flows.members.size()); ++k) {  // the last one: of all cells
    std::vector<Index> kept;
    for (Index i = 0; i < condition.rows(); ++i) {
      if (measured[to_size(i)] && fold[to_size(i)] != k) kept.push_back(i);
    }
    fit_ridge(model.stacking.ridge, source.value, target, source.measured, source.columns, kept);
    const Matrix<float> latents = ridge_latents(model.stacking.ridge, source.value, source.measured);
    for (Index i = 0; i < condition.rows(); ++i) {
      if (fold[to_size(i)] == k) out.row(i) = latents.row(i);
    }
  }
  return out;
}

}  // namespace detail

/// Latents of the training cells by the members that were trained without them, and what stacking adds.
struct StackedOutOfFold {
  Matrix<float> condition;  ///< (N, C)
  Matrix<float> ensemble;   ///< (N, D)
  Matrix<float> base;       ///< (N, D)
};

/// Sets the stacking weights: each part predicts the cells that it was trained without, and the weights make the
/// squared error of the mean small. Call it when the members and the joint model are trained.
/// -> nothing if a training was interrupted. Stages: those of the nested joint models.
inline std::optional<StackedOutOfFold> fit_stacking(Model& model, const TrainingCells& cells,
                                                    const JointFitOptions& joint, const JointFoldOptions& o,
                                                    Stages& stages, Rng& rng) {
  check_options("fit_stacking", o);
  check_joint_folds("fit_stacking", o.joint_folds);
  check_joint_cells("fit_stacking", cells);
  const Matrix<float> truth = model.target.encode(cells.target);
  StackedOutOfFold out{model.condition_features(cells.sources), {}, {}};
  out.ensemble = conformal::out_of_fold_means(model.flows, out.condition, rng);
  std::vector<StackPart> part{StackPart::ensemble, StackPart::ridge};
  std::vector<Matrix<float>> latents{out.ensemble,
                                     detail::out_of_fold_ridge(model, out.condition, truth, cells.target.measured)};
  if (model.joint && o.joint_folds > 0 && target_part(model, *model.joint) >= 0) {
    auto of_joint = detail::out_of_fold_joint(model, cells, joint, o.joint_folds, stages, rng);
    if (!of_joint) return std::nullopt;
    part.push_back(StackPart::joint);
    latents.push_back(std::move(*of_joint));
  }
  std::vector<Index> measured;
  for (Index i = 0; i < truth.rows(); ++i) {
    if (cells.target.measured[to_size(i)]) measured.push_back(i);
  }
  std::vector<Matrix<float>> picked;
  for (const Matrix<float>& l : latents) picked.push_back(metric::pick_rows(view(l), measured));
  const Matrix<double> weight = metric::stacking_weights(picked, metric::pick_rows(view(truth), measured), o.weights);
  model.stacking.weight.value.setZero();
  out.base = -out.ensemble;
  for (std::size_t k = 0; k < part.size(); ++k) {
    model.stacking.weight.value.row(Index(part[k])) = weight.row(Index(k));
    latents[k].array().rowwise() *= weight.row(Index(k)).cast<float>().array();
    out.base += latents[k];
  }
  return out;
}

}  // namespace latentcell::multiomics
