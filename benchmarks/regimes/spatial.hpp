#pragma once

#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/spatial/spatial.hpp>

#include "regime.hpp"

// A part of a slice of tissue is hidden: half of the spots, a layer, single cells of a grid's squares, or genes.

struct SpatialRegime {
  Index spots, genes;
  double library;
  std::string holdout;

  std::string name() const { return lc::text(spots, " spots, ", genes, " genes, ", library, " counts, ", holdout); }
};

inline lc::evaluate::ScoreTable run_spatial(const SpatialRegime& r, std::uint64_t seed) {
  namespace ls = lc::spatial;
  lc::Rng rng(seed, 79);
  const lc::CellTable cells =
      lc::simulate_tissue_slice({.spots = r.spots, .genes = r.genes, .library = r.library}, rng);
  const ls::ImputationTask task =
      ls::hold_out(ls::make_tissue(cells, cells.embeddings.at("spatial")), ls::parse_holdout(r.holdout), rng);
  ls::Dataset data = ls::make_dataset(task, ls::choose_genes(task, 0));
  ls::Options o = ls::options_for(data);
  o.ensemble.members = 3;
  o.ensemble.fold_seed = seed;
  lc::Rng first(seed, ls::model_stream);
  ls::Model model(o, first);
  ls::TrainingOptions training{.intervals = {.draws = 0}, .seed = seed};
  training.members.target.steps = 600;
  lc::Stages stages;
  (void)ls::fit(model, data, training, first, stages);
  const ls::Imputation imputed = ls::impute(model, data, {.intervals = {.draws = 0}, .seed = seed});
  return ls::evaluate_imputation(model, data, imputed, ls::impute_baselines(model, data, imputed, seed), {});
}

inline std::vector<Regime> spatial_regimes() {
  const std::vector<SpatialRegime> grid{{300, 40, 200, "spots:0.5"},  {1500, 40, 200, "spots:0.5"},
                                        {1500, 40, 40, "spots:0.5"},  {1500, 200, 400, "spots:0.5"},
                                        {4000, 40, 200, "spots:0.5"}, {1500, 40, 200, "region:layer_3"},
                                        {1500, 40, 200, "grid:3"},    {4000, 40, 200, "grid:3"},
                                        {1500, 40, 200, "genes:10"},  {1500, 100, 100, "genes:20"}};
  std::vector<Regime> out;
  for (const SpatialRegime& r : grid)
    out.push_back(
        {"space", r.name(), {"pearson", "ssim", "rmse"}, [r](std::uint64_t seed) { return run_spatial(r, seed); }});
  return out;
}
