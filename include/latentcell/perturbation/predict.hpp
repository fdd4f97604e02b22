#pragma once

#include <string>

#include <latentcell/perturbation/compose.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Predicts cells after a perturbation, trained or not. A trained condition at a dose up to `dose_scale` is
/// predict_with_flow. Another is predict_sum of its perturbation_sum. Beyond that dose the changes at `dose_scale` are
/// raised to the power dose / dose_scale.
///
/// control (N, G) -> (N, G)
inline CellTable predict(const Model& model, const CellTable& control, const std::string& condition,
                         const PredictOptions& o, Rng& rng, const ComposeOptions& compose = {}) {
  const Options& m = model.options;
  PerturbationSum sum = perturbation_sum(model, condition, compose);
  const double largest = double(m.dose_scale);
  const bool beyond = !m.dose.empty() && o.dose > largest;
  if (!beyond && sum.size() == 1 && sum[0].first == condition)
    return predict_with_flow(model, control, condition, o, rng);
  PredictOptions at = o;
  if (beyond) {
    at.dose = largest;
    for (auto& [term, weight] : sum) weight *= o.dose / largest;
  }
  CellTable out = predict_sum(model, control, sum, condition, at, rng);
  if (beyond) out.cell_columns.set(m.dose, std::vector<double>(to_size(out.cells()), o.dose));
  return out;
}

}  // namespace latentcell::perturbation
