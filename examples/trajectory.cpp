// Cells between snapshots in time, and what cells become. The second of five snapshots is held out;
// the model predicts its cells from the others, is scored beside the baselines, and gives fates to
// the predicted cells.
#include <cstdio>

#include <latentcell/data/simulate_development.hpp>
#include <latentcell/trajectory/trajectory.hpp>

namespace lc = latentcell;
namespace trajectory = latentcell::trajectory;

int main() {
  lc::Rng rng(1);
  trajectory::Snapshots all;
  all.counts =
      lc::simulate_development({.cells = 150, .snapshots = 5, .genes = 100, .change = 3}, rng);
  const trajectory::TimeRange hidden{1, 1};
  const trajectory::TimeSplit cells = trajectory::split_times(all, "time", {.holdout = hidden});

  // Epochs that suit a short run; 0, the default, chooses them.
  trajectory::Model model(trajectory::Options::for_cells(cells.train, /* components = */ 5), rng);
  trajectory::TrainingOptions training;
  training.autoencoder.epochs = 10;
  training.velocity.epochs = 2;
  trajectory::fit(model, cells.train, training);

  const lc::LatentTable reference = trajectory::encode(model, cells.train);
  const lc::LatentTable truth = trajectory::encode(model, cells.test);
  const lc::LatentTable predicted =
      trajectory::interpolate_at(model, reference, {.time = hidden, .cells = 200}, rng);
  const lc::evaluate::ScoreTable scores =
      trajectory::evaluate(model, {reference, truth, predicted, hidden}, rng);
  std::printf("%s", scores.to_text().c_str());

  const trajectory::Fates fates =
      trajectory::fate_probabilities(model, predicted, reference, "fate", {}, rng);
  const lc::RowVector<double> share = fates.probability.colwise().mean();
  for (std::size_t level = 0; level < fates.levels.size(); ++level)
    std::printf("%s: %.2f of the predicted cells\n", fates.levels[level].c_str(),
                share(lc::Index(level)));

  const double w2 = scores.value("latentcell", "w2");
  const bool better =
      w2 < scores.value("previous times", "w2") && w2 < scores.value("next times", "w2");
  return better && share.minCoeff() > 0.2 ? 0 : 1;  // half of the cells take either fate
}
