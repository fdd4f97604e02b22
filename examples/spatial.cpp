// Expression between measured spots. A third of the spots of a tissue slice is held out; the model
// predicts their genes from the spots around them, with intervals, and is scored beside kriging and
// the other baselines.
#include <cstdio>

#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/evaluate/verdict.hpp>
#include <latentcell/spatial/spatial.hpp>

namespace lc = latentcell;
namespace spatial = latentcell::spatial;

int main() {
  lc::Rng rng(1);
  const lc::CellTable cells = lc::simulate_tissue_slice({.spots = 400, .genes = 15}, rng);
  const spatial::Tissue tissue = spatial::make_tissue(cells, cells.embeddings.at("spatial"));
  const spatial::ImputationTask task =
      spatial::hold_out(tissue, {.hide = spatial::Hide::spots, .amount = 0.33}, rng);
  spatial::Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));

  spatial::Options options = spatial::options_for(data);
  options.ensemble.members = 2;
  spatial::Model model(options, rng);
  spatial::TrainingOptions training;
  training.members.epochs = 30;  // for a short run; 0, the default, chooses
  lc::Stages stages;             // in memory; with a folder a stopped training is resumed
  spatial::fit(model, data, training, rng, stages);

  const spatial::Imputation imputed = spatial::impute(model, data);
  const auto baselines = spatial::impute_baselines(model, data, imputed, /* seed = */ 0);
  const lc::evaluate::ScoreTable scores =
      spatial::evaluate_imputation(model, data, imputed, baselines);
  std::printf("%s%s\n", scores.to_text().c_str(), lc::evaluate::verdict(scores).c_str());

  const double covered = scores.value("latentcell", "cover80");
  const bool as_good =
      scores.value("latentcell", "pearson") > scores.value("kriging", "pearson") - 0.02;
  return as_good && covered > 0.7 && covered < 0.9 ? 0 : 1;
}
