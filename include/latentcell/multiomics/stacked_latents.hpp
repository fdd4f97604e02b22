#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/multiomics/cell_modalities.hpp>
#include <latentcell/multiomics/joint_model.hpp>
#include <latentcell/multiomics/model.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// What ridge regression takes: a cell's condition, components in their own units; and the set of sources it has.
struct RidgeSource {
  Matrix<float> value;          ///< (N, C)
  std::vector<Index> measured;  ///< (N) bit k: source k
  std::vector<Index> columns;   ///< (C) the source of each column

  RidgeSource(const Model& model, const Matrix<float>& condition)
      : value(condition), measured(to_size(condition.rows()), 0) {
    for (std::size_t s = 0; s < model.sources.size(); ++s) {
      const conformal::ModalityEncoder& e = model.sources[s];
      const Index first = Index(columns.size()), mark = first + e.n_condition() - 1;
      columns.insert(columns.end(), to_size(e.n_condition()), Index(s));
      for (Index j = 0; j < e.latent() && !e.identity; ++j)
        value.col(first + j) *= std::sqrt(e.scale.value(0, j) * e.scale.value(0, 0));
      for (Index i = 0; i < condition.rows(); ++i) {
        if (condition(i, mark) > 0) measured[to_size(i)] |= Index(1) << s;
      }
    }
  }
};

/// The part of a joint model that is the target of a translation; -1 where it has none with the same features.
inline Index target_part(const Model& model, const JointVae<float>& joint) {
  for (Index p = 0; p < Index(joint.parts.size()); ++p) {
    if (joint.options.parts[to_size(p)].name == model.target.name() && joint.features(p) == model.target.features())
      return p;
  }
  return -1;
}

/// The target's latents by a joint model, from the sources that it knows.   from (N cells) -> (N, D)
inline Matrix<float> joint_latents(const Model& model, const JointVae<float>& joint, const std::vector<Modality>& from,
                                   Rng& rng) {
  const Index target = target_part(model, joint);
  LATENTCELL_REQUIRE(target >= 0, "joint_latents: the joint model has no '", model.target.name(),
                     "' with the target's features");
  std::vector<Modality> cells;
  for (Index p = 0; p < Index(joint.parts.size()); ++p) {
    const std::string& name = joint.options.parts[to_size(p)].name;
    const auto found = std::find_if(from.begin(), from.end(), [&](const Modality& m) { return m.name == name; });
    cells.push_back(p == target || found == from.end() ? missing_modality(name, joint.features(p), from.front().cells())
                                                       : *found);
  }
  cells = in_features_of(joint, std::move(cells));
  const double depth = double(model.target.depth.value(0, 0));
  return model.target.encode_log_normalized(translate(joint, cells, target, depth, {.draws = 0}, rng).mean);
}

/// What to add to the ensemble's latents so that their mean becomes the weighted mean of all parts.
/// from: per source the modality of the same N cells; condition (N, C), ensemble_mean (N, D) -> (N, D)
/// Throws std::invalid_argument where the joint model has weight and is missing.
inline Matrix<float> stacking_base(const Model& model, const std::vector<Modality>& from,
                                   const Matrix<float>& condition, const Matrix<float>& ensemble_mean, Rng& rng) {
  LATENTCELL_REQUIRE(model.joint || model.stacking.mean_weight(StackPart::joint) == 0,
                     "multiomics: the stacking weights need the joint model, which is not there");
  Matrix<float> out = Matrix<float>::Zero(ensemble_mean.rows(), ensemble_mean.cols());
  const auto add = [&](StackPart part, const auto& latents) {
    if (model.stacking.mean_weight(part) == 0) return;
    Matrix<float> apart = latents() - ensemble_mean;
    apart.array().rowwise() *= model.stacking.weight.value.row(Index(part)).cast<float>().array();
    out += apart;
  };
  add(StackPart::joint, [&] { return joint_latents(model, *model.joint, from, rng); });
  add(StackPart::ridge, [&] {
    const RidgeSource source(model, condition);
    return ridge_latents(model.stacking.ridge, source.value, source.measured);
  });
  return out;
}

}  // namespace latentcell::multiomics
