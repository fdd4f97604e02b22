#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/conformal/modality_encoder.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/multiomics/joint_model.hpp>
#include <latentcell/train/epochs_for_steps.hpp>
#include <latentcell/train/fit_joint.hpp>
#include <latentcell/train/stages.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// Random stream of a joint model's first weights.
inline constexpr std::uint64_t joint_stream = 6;

/// How a joint model is trained. The defaults suit some hundred to some thousand cells.
struct JointFitOptions {
  std::string stage = "joint";
  Index genes = 2000;  ///< most variable genes that the model takes. Larger: rarer genes, more time.
  int epochs = 0;      ///< 0: as many as make about `target.steps` steps
  StepTarget target = {.steps = 2600, .max_epochs = 200};
  FitOptions fit = {.batch = 64, .learning_rate = 1e-3f, .weight_decay = 0.1f, .ema = 0.99f};  ///< but its epochs

  static void visit(auto& self, auto&& f) {
    f("stage", self.stage);
    f("genes", self.genes, at_least(1));
    f("epochs", self.epochs, at_least(0));
    f("target", self.target);
    f("fit", self.fit);
  }
};

/// Returns the options of a joint model of these modalities. Zeros and ones alone are observed as detection, else
/// counts. Modalities of few features weigh 10 times, or they would drown among the genes; the RNA encoder takes half
/// of a cell's molecules and the decoder is scored on the other half, so that noise cannot be memorised.
inline JointVaeOptions joint_options(const std::vector<Modality>& cells) {
  JointVaeOptions o{.kl_weight = 0.5f};
  for (const Modality& m : cells) {
    const CountsView x = m.counts.view();
    const bool few = x.cols <= conformal::ModalityEncoder::identity_features,
               binary = std::all_of(x.values, x.values + x.nonzeros(), [](float v) { return v == 1; });
    JointPartOptions part{.name = m.name, .genes = x.cols};
    if (binary) part.observation = Observation::detection;
    if (few) part.hidden = {64}, part.weight = 10;
    if (!few && !binary) part.count_thinning = 0.5f;
    o.parts.push_back(part);
  }
  return o;
}

/// Trains a joint model. The first modality, RNA, is restricted to the most variable genes.
/// cells: modalities of the same cells, any of them missing in some -> nothing if the training was interrupted
inline std::optional<JointVae<float>> fit_joint(std::vector<Modality> cells, const JointFitOptions& o, Stages& stages) {
  check_options("fit_joint", o);
  LATENTCELL_REQUIRE(!cells.empty(), "fit_joint: there is no modality");
  Modality& rna = cells.front();
  std::vector<std::string> names;
  for (const Index g : highly_variable(rna.counts.view(), {.genes = o.genes}).genes)
    names.push_back(rna.features[to_size(g)]);
  rna = select_features(rna, names);
  Rng rng(o.fit.seed, joint_stream);
  JointVae<float> model(joint_options(cells), rng);
  FitOptions options = o.fit;
  options.epochs = o.epochs > 0 ? o.epochs : epochs_for_steps(rna.cells(), o.fit.batch, o.target);
  const FitStatus status = stages.run<float>(
      o.stage, options, model, [&](auto& state, auto&& hook) { latentcell::fit(model, cells, options, state, hook); });
  if (status == FitStatus::interrupted) return std::nullopt;
  return model;
}

}  // namespace latentcell::multiomics
