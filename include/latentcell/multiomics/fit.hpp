#pragma once

#include <span>
#include <vector>

#include <latentcell/conformal/calibrate.hpp>
#include <latentcell/conformal/fit.hpp>
#include <latentcell/multiomics/model.hpp>

namespace latentcell::multiomics {

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

/// Calibrates the intervals of a model whose members are trained on the same cells.
inline void calibrate_intervals(Model& model, const Modality& target, const std::vector<Modality>& from,
                                const conformal::IntervalOptions& o, Rng& rng) {
  conformal::OutOfFold cells{model.target.log_normalized(target), target.measured, model.condition_features(from), {}};
  cells.predicted_mean = conformal::out_of_fold_means(model.flows, cells.condition, rng);
  conformal::calibrate_intervals(model.flows, model.target, cells, o, rng);
}

}  // namespace latentcell::multiomics
