// Proteins of cells of which RNA alone was measured, with prediction intervals. A third of the
// cells is held out; the model predicts their proteins from RNA and is scored beside the mean,
// ridge regression and nearest cells.
#include <cstdio>
#include <vector>

#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/multiomics/multiomics.hpp>

namespace lc = latentcell;
namespace multiomics = latentcell::multiomics;

int main() {
  lc::Rng rng(1);
  const multiomics::Dataset data = multiomics::make_dataset(
      lc::simulate_multiomics({.cells = 450, .genes = 150, .proteins = 10}, rng), {});
  const lc::Holdout fold = multiomics::hold_out_folds(data, 3, /* seed = */ 1).front();
  const auto genes = multiomics::detected_genes(data, fold.train);
  const multiomics::CellModalities train = multiomics::select_modalities(data, fold.train, genes);
  const multiomics::CellModalities test = multiomics::select_modalities(data, fold.test, genes);

  multiomics::Model model = multiomics::make_model({.ensemble = {.members = 3}, .components = 20},
                                                   train.protein, train.sources(), /* seed = */ 1);
  multiomics::TrainingOptions training;
  training.members.epochs = 40;  // for a short run; 0, the default, chooses
  lc::Stages stages;             // in memory; with a folder a stopped training is resumed
  multiomics::fit(model, {train.protein, train.sources()}, training, stages);

  using lc::evaluate::Role;
  std::vector<multiomics::Prediction> predictions = multiomics::baselines(model, train, test);
  predictions.insert(predictions.begin(), {"latentcell", Role::model,
                                           multiomics::translate(model, test.sources(), {}, rng)});
  const lc::evaluate::ScoreTable scores = multiomics::evaluate(
      predictions, model.target.log_normalized(test.protein), test.protein.measured);
  std::printf("%s", scores.to_text().c_str());

  const double covered = scores.value("latentcell", "cover80");
  return scores.value("latentcell", "mean_r") > 0.6 && covered > 0.65 && covered < 0.95 ? 0 : 1;
}
