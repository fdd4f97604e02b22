#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/conformal/calibrate.hpp>
#include <latentcell/conformal/fit.hpp>
#include <latentcell/multiomics/fit_stacking.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

namespace detail {

/// Masks modalities of some cells, never all that a cell has.
/// condition (B, C)
inline void mask_modalities(const Model& model, View<float> condition, Rng& rng) {
  if (model.sources.size() < 2) return;
  for (Index b = 0; b < condition.rows(); ++b) {
    Index at = 0, left = 0;
    for (const conformal::ModalityEncoder& s : model.sources) {
      at += s.n_condition();
      left += condition(b, at - 1) > 0;
    }
    at = 0;
    for (const conformal::ModalityEncoder& s : model.sources) {
      const bool measured = condition(b, at + s.n_condition() - 1) > 0;
      if (measured && left > 1 && rng.uniform_double() < double(model.options.hide)) {
        condition.block(b, at, 1, s.n_condition()).setZero();
        --left;
      }
      at += s.n_condition();
    }
  }
}

/// Adds noise to all numbers of measured modalities but the mark that they are measured.
/// condition (B, C)
inline void add_noise(const Model& model, View<float> condition, Rng& rng) {
  Index at = 0;
  for (const conformal::ModalityEncoder& s : model.sources) {
    for (Index b = 0; b < condition.rows(); ++b) {
      if (condition(b, at + s.n_condition() - 1) == 0) continue;
      for (Index j = 0; j + 1 < s.n_condition(); ++j) condition(b, at + j) += model.options.noise * float(rng.normal());
    }
    at += s.n_condition();
  }
}

}  // namespace detail

/// Returns what the members of a model are trained on.
/// target, from: modalities of the same cells; cells without the target are not used
inline conformal::EnsembleData training_data(const Model& model, const Modality& target,
                                             const std::vector<Modality>& from) {
  Matrix<float> condition = model.condition_features(from);
  LATENTCELL_REQUIRE(target.cells() == condition.rows(), "multiomics: the target has ", target.cells(),
                     " cells but the sources ", condition.rows());
  return {model.target.encode(target), target.measured,
          [&model, condition = std::move(condition)](std::span<const Index> cells, View<float> batch, Rng& rng) {
            for (std::size_t b = 0; b < cells.size(); ++b) batch.row(Index(b)) = condition.row(cells[b]);
            detail::mask_modalities(model, batch, rng);
            detail::add_noise(model, batch, rng);
          }};
}

/// How a model is trained.
struct TrainingOptions {
  std::string stage = "translation";           ///< of the members: stage_1, stage_2, ...
  conformal::EnsembleFitOptions members = {};  ///< its `fit.seed` is the seed of the members and of calibration
  conformal::IntervalOptions intervals = {};   ///< of calibration; no draws: intervals are not calibrated
  JointFitOptions joint = {};
  JointFoldOptions stacking = {};

  static void visit(auto& self, auto&& f) {
    f("stage", self.stage);
    f("members", self.members);
    f("intervals", self.intervals);
    f("joint", self.joint);
    f("stacking", self.stacking);
  }
};

/// Random streams of a model's first weights and encoders, and of the calibration of its intervals.
inline constexpr std::uint64_t model_stream = 5, calibration_stream = 12;

/// Builds a model whose encoders are fitted to these modalities: those of the training cells, RNA of others too.
inline Model make_model(const Options& o, const Modality& target, const std::vector<Modality>& sources,
                        std::uint64_t seed) {
  Rng rng(seed, model_stream);
  const auto encoder = [&](const Modality& m) {
    conformal::ModalityEncoder out(
        {m.name, m.features, std::min<Index>({o.components, Index(m.features.size()) - 1, m.cells() - 1})});
    out.fit(m, rng);
    return out;
  };
  std::vector<conformal::ModalityEncoder> from;
  for (const Modality& m : sources) from.push_back(encoder(m));
  conformal::ModalityEncoder to = encoder(target);
  return {o, std::move(to), std::move(from), rng};
}

/// Tells `stages` of the stages of a fit, before the cells are encoded.
/// members: 0: the joint model alone; target_cells: with the target; joint_cells: 0: no joint model is trained
/// The nested joint models are those of a target that is in the joint model; for others set stacking.joint_folds to 0.
inline void plan_stages(const TrainingOptions& o, Index members, Index target_cells, Index joint_cells,
                        Stages& stages) {
  const Index cells = members > 0 ? target_cells - target_cells / members : 0;
  for (Index k = 0; k < members; ++k)
    stages.plan(text(o.stage, "_", k + 1), double(o.members.of(cells).epochs) * double(cells));
  const int epochs =
      o.joint.epochs > 0 ? o.joint.epochs : epochs_for_steps(joint_cells, o.joint.fit.batch, o.joint.target);
  if (joint_cells > 0) stages.plan(o.joint.stage, double(epochs) * double(joint_cells));
  for (Index k = 0; k < o.stacking.joint_folds && joint_cells > 0 && members > 0; ++k)
    stages.plan(nested_joint_stage(o.joint, k), double(epochs) * double(joint_cells));
}

/// Trains a model: all members, the joint model if there are cells for one, the stacking weights, and the calibration
/// of the intervals, both on cells that each part was trained without. Resumable.
/// Coverage holds approximately: the cells that intervals are calibrated on also gave the stacking weights, a few
/// numbers for hundreds of cells.
inline FitStatus fit(Model& model, const TrainingCells& cells, const TrainingOptions& o, Stages& stages) {
  check_options("multiomics::fit", o);
  conformal::check_draws("multiomics::fit", o.intervals.draws);
  check_joint_folds("multiomics::fit", o.stacking.joint_folds);
  check_joint_cells("multiomics::fit", cells);
  const conformal::EnsembleData data = training_data(model, cells.target, cells.sources);
  const FitStatus status = conformal::fit(model.flows, data, o.members, o.stage, stages);
  if (status == FitStatus::interrupted) return status;
  if (!cells.joint.empty()) {
    model.joint = fit_joint(cells.joint, o.joint, stages);
    if (!model.joint) return FitStatus::interrupted;
  }
  Rng rng(o.members.fit.seed, calibration_stream);
  auto stacked = fit_stacking(model, cells, o.joint, o.stacking, stages, rng);
  if (!stacked) return FitStatus::interrupted;
  if (o.intervals.draws == 0) return status;
  const conformal::OutOfFold held_out{model.target.log_normalized(cells.target), cells.target.measured,
                                      std::move(stacked->condition), std::move(stacked->ensemble),
                                      std::move(stacked->base)};
  conformal::calibrate_intervals(model.flows, model.target, held_out, o.intervals, rng);
  return status;
}

}  // namespace latentcell::multiomics
