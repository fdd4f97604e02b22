// Predicts a perturbation in a cell type that was never perturbed in training. The perturbed cells
// of one type are held out; the model learns from the other types, moves the type's control cells,
// and is scored beside the baselines. Where all types respond alike, as here nearly, the mean shift
// of the other types is hard to better: read the baselines first.
#include <cstdio>

#include <latentcell/data/simulate.hpp>
#include <latentcell/evaluate/verdict.hpp>
#include <latentcell/perturbation/perturbation.hpp>

namespace lc = latentcell;
namespace perturbation = latentcell::perturbation;

int main() {
  lc::Rng rng(1);
  const lc::CellTable cells = lc::simulate({.cells = 1000,
                                            .genes = 150,
                                            .types = 4,
                                            .type_skew = 0.3,
                                            .perturbations = 1,
                                            .perturbation_strength = 2.5},
                                           rng);

  perturbation::DatasetOptions options{.holdout = {"type_2"}};
  options.model.group = "cell_type";
  options.model.vae.hidden = {64};
  options.model.vae.latent = options.model.backbone.latent = 8;
  options.model.backbone.width = 64;
  const perturbation::Dataset data = perturbation::make_dataset(cells, options);

  // Epochs that suit a short run; 0, the default, chooses them by the number of cells.
  perturbation::Model model(data.options, data.vocabulary, rng);
  perturbation::fit(model, data.train,
                    {.autoencoder_epochs = 60, .flow_epochs = 60, .cross_fit = 2});

  const lc::CellTable control =
      perturbation::select_condition(data.train, data.options, "control", {"type_2"});
  const lc::CellTable predicted = perturbation::predict(model, control, "gene_1", {}, rng);

  const lc::CellTable& truth = data.truth.at({"type_2", "gene_1"});
  const lc::evaluate::ScoreTable scores =
      perturbation::evaluate(model, data.train, {truth, "type_2", "gene_1"}, predicted, rng);
  std::printf("%s%s\n", scores.to_text().c_str(), lc::evaluate::verdict(scores).c_str());
  return scores.value("latentcell", "energy") < 0.5 * scores.value("control cells", "energy") ? 0
                                                                                              : 1;
}
