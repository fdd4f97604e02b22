#pragma once

#include <vector>

#include <latentcell/latent/fit_ot_flow.hpp>
#include <latentcell/latent/match_cells.hpp>
#include <latentcell/perturbation/model.hpp>
#include <latentcell/perturbation/latent_prediction.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Rows of control cells and of perturbed cells. Cells without a condition are in neither.
struct ControlSplit {
  std::vector<Index> control, perturbed;

  /// Throws std::invalid_argument where there is no control cell or no perturbed cell.
  ControlSplit(const Annotation& obs, const Options& o) {
    const Categorical condition = obs.labels(o.condition);
    const int control_code = condition.code_of(o.control);
    for (std::size_t i = 0; i < condition.codes.size(); ++i) {
      if (condition.codes[i] == Categorical::missing) continue;
      (condition.codes[i] == control_code ? control : perturbed).push_back(Index(i));
    }
    LATENTCELL_REQUIRE(!control.empty(), "perturbation: no cell is '", o.control, "' in column '", o.condition, "'");
    LATENTCELL_REQUIRE(!perturbed.empty(), "perturbation: all cells are '", o.control, "' in column '", o.condition,
                       "': at least one perturbed cell is needed");
  }
};

/// Trains stage 2 on the latents of control and perturbed cells. Continues at the position of `state`.
template <class... Hooks>
void fit_flow(TrainState<float>& state, Model& model, const LatentTable& latents, const FitOptions& options,
              Hooks&&... hooks) {
  constexpr std::uint64_t pairing_stream = 21;
  const Options& o = model.options;
  const ControlSplit split(latents.cell_columns, o);
  const LatentTable control = latents.select_cells(split.control);
  LatentTable perturbed = latents.select_cells(split.perturbed);
  if (o.form == PerturbationForm::ot_flow) {
    fit_ot_flow(model.flow, control, perturbed, {.match = o.group}, options, state, hooks...);
    return;
  }
  Rng rng(options.seed, pairing_stream);
  const std::vector<Index> pairs =
      match_cells(control, perturbed, o.group, read_conditions(model.flow.condition, perturbed.cell_columns), rng);
  const Matrix<float> start = control.select_cells(pairs).mean;
  perturbed.cell_columns.set(Model::control_latent_column, start);
  if (o.form == PerturbationForm::displacement_flow) perturbed.mean -= start;
  latentcell::fit(model.flow, perturbed, options, state, hooks...);
}

}  // namespace latentcell::perturbation
