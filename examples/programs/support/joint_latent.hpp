#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/data/highly_variable.hpp>
#include <latentcell/multiomics/joint_model.hpp>
#include <latentcell/train/fit_joint.hpp>

#include "program.hpp"

// The joint autoencoder of translate_omics.

namespace program {

/// What a cell has, in the order of the model's parts: RNA, proteins, and a further modality perhaps.
inline std::vector<lc::Modality> in_order(const lc::Modality& rna, const lc::Modality& protein,
                                          const std::optional<lc::Modality>& also) {
  std::vector<lc::Modality> out{rna, protein};
  if (also) out.push_back(*also);
  return out;
}

/// The same in the features that a model knows; all of them must be there.
inline std::vector<lc::Modality> in_features_of(const lc::JointVae<float>& model, std::vector<lc::Modality> cells) {
  for (std::size_t m = 0; m < cells.size(); ++m) cells[m] = lc::select_features(cells[m], model.features(Index(m)));
  return cells;
}

/// Settings for some thousand cells. The encoder of RNA sees half of a cell's molecules and is asked for the others:
/// noise cannot be learned.     cells: as in_order gives them
inline lc::JointVaeOptions joint_options(const std::vector<lc::Modality>& cells) {
  lc::JointVaeOptions o{.kl_weight = 0.5f};
  for (const lc::Modality& m : cells) {
    const lc::CountsView x = m.counts.view();
    const bool few = x.cols <= lc::conformal::ModalityEncoder::identity_features,
               yes_or_no = std::all_of(x.values, x.values + x.nonzeros(), [](float v) { return v == 1; });
    lc::JointPartOptions part{.name = m.name, .genes = x.cols};
    if (yes_or_no) part.observation = lc::Observation::detection;
    if (few) part.hidden = {64}, part.weight = 10;
    if (!few && !yes_or_no) part.count_thinning = 0.5f;
    o.parts.push_back(part);
  }
  return o;
}

/// Trained on the 2,000 genes that vary most; nothing where a signal ended it.     cells: as in_order gives them
inline std::optional<lc::JointVae<float>> train_joint(const Common& s, const std::string& stage,
                                                      std::vector<lc::Modality> cells, int epochs,
                                                      lc::StopOnSignal& stop, Json& report) {
  const std::vector<Index> genes = lc::highly_variable(cells.front().counts.view()).genes;
  std::vector<std::string> names;
  for (const Index g : genes) names.push_back(cells.front().features[lc::to_size(g)]);
  cells.front() = lc::select_features(cells.front(), names);
  lc::Rng rng(s.seed, 6);
  lc::JointVae<float> model(joint_options(cells), rng);
  const Index n = cells.front().cells();
  const lc::FitOptions fit{.epochs = epochs > 0 ? epochs : epochs_for(n, 64, 2600, 8, 200),
                           .batch = 64,
                           .learning_rate = 1e-3f,
                           .weight_decay = 0.1f,
                           .ema = 0.99f,
                           .seed = s.seed};
  lc::TrainState<float> state;
  if (!train_stage(s, stage, model, state, stop, report,
                   [&](auto& st, auto&&... hooks) { lc::fit_from(st, model, cells, fit, hooks...); })) {
    return std::nullopt;
  }
  return model;
}

}  // namespace program
