#pragma once

#include <latentcell/data/simulate_development.hpp>
#include <latentcell/trajectory/trajectory.hpp>

#include "regime.hpp"

// Each inner snapshot of a development is held out in turn; the mean over the snapshots counts.

struct TrajectoryRegime {
  Index cells, snapshots, components;
  double growth, library;

  std::string name() const {
    return lc::text(cells, " cells a snapshot, ", snapshots, " snapshots, ", components, " dimensions, ",
                    growth == 1 ? "constant" : "growing", ", ", library, " counts");
  }
};

inline lc::evaluate::ScoreTable run_trajectory(const TrajectoryRegime& r, std::uint64_t seed) {
  namespace lt = lc::trajectory;
  lc::Rng rng(seed, 78);
  lt::Snapshots all;
  all.counts = lc::simulate_development(
      {.cells = r.cells, .snapshots = r.snapshots, .growth = r.growth, .genes = 400, .library = r.library}, rng);
  MeanTable out;
  for (Index t = 1; t + 1 < r.snapshots; ++t) {
    const lt::TimeRange time{double(t), double(t)};
    const lt::TimeSplit split = lt::split_times(all, "time", {.holdout = time});
    lt::Options o = lt::Options::for_cells(split.train, r.components);
    o.paths.growth = r.growth != 1;
    lc::Rng own(seed);
    lt::Model model(o, own);
    lt::TrainingOptions training;
    training.autoencoder.epochs = 1;  // the decoder of counts is not evaluated
    training.velocity.seed = seed + 1;
    lt::fit(model, split.train, training);
    const lc::LatentTable reference = lt::encode(model, split.train), truth = lt::encode(model, split.test);
    const lc::LatentTable predicted = lt::interpolate_at(model, reference, {.time = time}, own);
    out.add(lt::evaluate(model, {reference, truth, predicted, time}, lc::Rng(seed, 31)));
  }
  return out.table();
}

inline std::vector<Regime> trajectory_regimes() {
  const std::vector<TrajectoryRegime> grid{{100, 5, 10, 1, 500}, {400, 4, 10, 1, 500},   {400, 5, 5, 1, 500},
                                           {400, 5, 10, 1, 500}, {400, 5, 30, 1, 500},   {400, 5, 10, 1.5, 500},
                                           {400, 8, 10, 1, 500}, {400, 5, 10, 1, 100},   {1500, 5, 10, 1, 500},
                                           {200, 5, 10, 2, 500}, {1500, 4, 10, 1.4, 500}};
  std::vector<Regime> out;
  for (const TrajectoryRegime& r : grid)
    out.push_back(
        {"trajectory", r.name(), {"w1", "w2", "mmd"}, [r](std::uint64_t seed) { return run_trajectory(r, seed); }});
  return out;
}
