#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <latentcell/conformal/ensemble.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/op/mse.hpp>
#include <latentcell/train/epochs_for_steps.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/stages.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

/// Writes the conditions of a minibatch in training, with whatever noise or masking training asks for.
/// cells (B): rows -> condition (B, C)
using ConditionSampler = std::function<void(std::span<const Index> cells, View<float> condition, Rng& rng)>;

/// What an ensemble is trained on.
struct EnsembleData {
  Matrix<float> latent;                 ///< (N, D) of the target
  std::vector<char> measured;           ///< (N) 0: a cell without target, not used
  ConditionSampler sample_condition{};  ///< conditions of minibatches
};

/// How members are trained. The defaults suit some hundred to some thousand cells, which need strong regularisation.
struct EnsembleFitOptions {
  int epochs = 0;  ///< of each member; 0: as many as make about `target.steps` steps
  StepTarget target = {.steps = 1200, .max_epochs = 400};
  /// But its epochs, validation and patience. Its seed is that of the first member; each further one has the next.
  FitOptions fit = {.batch = 64, .learning_rate = 1e-3f, .weight_decay = 0.1f, .ema = 0.99f};

  /// Returns the options of a member that is trained on so many cells.
  FitOptions of(Index cells, Index member = 0) const {
    FitOptions out = fit;
    out.epochs = epochs > 0 ? epochs : epochs_for_steps(cells, fit.batch, target);
    out.seed += std::uint64_t(member);
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("epochs", self.epochs, at_least(0));
    f("target", self.target);
    f("fit", self.fit);
  }
};

/// Returns the cells that a member is trained on: the measured ones outside its fold.
/// member: in [0, members)
/// Throws std::invalid_argument if there is none.
inline std::vector<Index> rows_outside_fold(const ConditionalEnsemble& model, const EnsembleData& data, Index member) {
  const Index cells = data.latent.rows();
  LATENTCELL_REQUIRE(Index(data.measured.size()) == cells, "rows_outside_fold: ", data.measured.size(), " marks for ",
                     cells, " cells");
  const std::vector<Index> fold = model.folds(cells);
  std::vector<Index> out;
  for (Index i = 0; i < cells; ++i) {
    if (data.measured[to_size(i)] && fold[to_size(i)] != member) out.push_back(i);
  }
  LATENTCELL_REQUIRE(!out.empty(), "rows_outside_fold: none of ", cells, " cells is measured and outside fold ",
                     member);
  return out;
}

/// Trains one member on the measured cells outside its fold. Continues at the position of `state`.
/// member: in [0, members). Throws std::invalid_argument if no cell is left to train on, and for options of validation,
/// which no member has: its own fold is for calibration.
template <class... Hooks>
void fit_fold_model(TrainState<float>& state, ConditionalEnsemble& model, Index member, const EnsembleData& data,
                    const FitOptions& options, Hooks&&... hooks) {
  require_defaults("fit_fold_model", options, {"validation", "patience"});
  const Index d = data.latent.cols(), c = model.n_condition;
  const std::vector<Index> rows = rows_outside_fold(model, data, member);
  LatentTable table;
  table.mean = data.latent;
  ConditionalVelocityNet& net = model.members[to_size(member)];
  const auto loss = [&](Tape<float>& tape, const LatentBatch& batch, const StepInfo&) {
    const Index n = batch.size();
    float *const noise = tape.scratch(n * d), *const z_t = tape.scratch(n * d), *const target = tape.scratch(n * d),
                 *const t = tape.scratch(n);
    View<float> condition(tape.scratch(n * c), n, c);
    data.sample_condition(batch.cell, condition, tape.rng());
    for (Index i = 0; i < n * d; ++i) noise[i] = float(tape.rng().normal());
    model.path.draw_times(tape.rng(), std::span<float>(t, to_size(n)));
    model.path.interpolate(std::span<const float>(t, to_size(n)), ConstView<float>(noise, n, d), batch.z,
                           View<float>(z_t, n, d), View<float>(target, n, d));
    const Var<float> v = std::as_const(net)(tape, tape.constant(ConstView<float>(z_t, n, d)), {t, to_size(n)},
                                            tape.constant(ConstView<float>(condition.data(), n, c)));
    return mse(v, ConstView<float>(target, n, d));
  };
  fit_with(net, TrainingData{LatentBatches(table, {.batch = options.batch, .rows = rows})}, loss, options, state,
           hooks...);
}

/// Trains all members, one stage each: "stage_1", "stage_2", ..., with a seed each. Calibrate the intervals afterwards.
inline FitStatus fit(ConditionalEnsemble& model, const EnsembleData& data, const EnsembleFitOptions& o,
                     const std::string& stage, Stages& stages) {
  check_options("conformal::fit", o);
  for (Index k = 0; k < Index(model.members.size()); ++k) {
    const Index cells = Index(rows_outside_fold(model, data, k).size());
    stages.plan(text(stage, "_", k + 1), double(o.of(cells, k).epochs) * double(cells));
  }
  for (Index k = 0; k < Index(model.members.size()); ++k) {
    const FitOptions options = o.of(Index(rows_outside_fold(model, data, k).size()), k);
    const FitStatus status =
        stages.run<float>(text(stage, "_", k + 1), options, model.members[to_size(k)],
                          [&](auto& state, auto&& hook) { fit_fold_model(state, model, k, data, options, hook); });
    if (status == FitStatus::interrupted) return status;
  }
  stages.announce("calibrating");
  return FitStatus::finished;
}

}  // namespace latentcell::conformal
