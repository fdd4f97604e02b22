#pragma once

#include <latentcell/data/simulate.hpp>
#include <latentcell/perturbation/perturbation.hpp>

#include "regime.hpp"

// The perturbed cells of one group are held out. `others` groups are left; groups share the genes of a response, half
// of its variance, or nothing.

struct PerturbationRegime {
  Index cells, genes, others, perturbations;
  double shared, strength, library;

  std::string name() const {
    return lc::text(cells, " cells, ", genes, " genes, ", others, others == 1 ? " other group, " : " other groups, ",
                    perturbations, " perturbations, ",
                    shared == 1   ? "shared"
                    : shared == 0 ? "own"
                                  : "half-shared",
                    ", ", strength < 1 ? "small" : "large", " effects, ", library, " counts");
  }
};

inline lc::evaluate::ScoreTable run_perturbation(const PerturbationRegime& r, std::uint64_t seed) {
  namespace lp = lc::perturbation;
  const std::string held_out = "type_1";
  lc::Rng rng(seed, 77);
  const lc::SimulateOptions tissue{.cells = r.cells,
                                   .genes = r.genes,
                                   .types = r.others + 1,
                                   .library = r.library,
                                   .type_skew = 0,
                                   .perturbations = r.perturbations,
                                   .perturbation_strength = r.strength,
                                   .shared_response = r.shared};
  lp::DatasetOptions options{.holdout = {held_out}};
  options.model.group = "cell_type";
  options.model.vae.hidden = {64};
  options.model.vae.latent = options.model.backbone.latent = 10;
  options.model.backbone.width = 64;
  const lp::Dataset data = lp::make_dataset(lc::simulate(tissue, rng), options);
  lp::Model model(data.options, data.vocabulary, rng);
  const int autoencoder = int(600 * 64 / data.train.cells()) + 1, flow = int(800 * 128 * 2 / data.train.cells()) + 1;
  lp::fit(model, data.train, {.autoencoder_epochs = autoencoder, .flow_epochs = flow, .cross_fit = 3, .seed = seed});
  const lc::CellTable control = lp::select_condition(data.train, data.options, "control", {held_out});
  MeanTable out;
  for (const auto& [key, truth] : data.truth) {
    if (truth.cells() < 4) continue;
    lc::Rng draws(seed, 9), of_evaluation(seed, 31);
    const lc::CellTable predicted = lp::predict(model, control, key.second, {}, draws);
    out.add(lp::evaluate(model, data.train, {truth, held_out, key.second}, predicted, of_evaluation));
  }
  return out.table();
}

inline std::vector<Regime> perturbation_regimes() {
  std::vector<PerturbationRegime> grid;
  for (const Index cells : {300, 1500, 5000}) {
    for (const Index others : {1, 3, 9}) {
      for (const double shared : {1.0, 0.5, 0.0}) {
        for (const double strength : {0.5, 1.5}) {
          // What would take long, or has a handful of cells a group, is left out.
          if (cells == 5000 && (others != 3 || strength < 1)) continue;
          if (cells == 300 && (others == 9 || strength < 1)) continue;
          grid.push_back({cells, 300, others, 2, shared, strength, 500});
        }
      }
    }
  }
  grid.push_back({1500, 50, 3, 2, 1.0, 1.5, 500});    // a panel
  grid.push_back({1500, 2000, 3, 2, 1.0, 1.5, 500});  // more genes than cells
  grid.push_back({4000, 1000, 5, 3, 1.0, 1.5, 250});  // sparse
  grid.push_back({3000, 72, 1, 16, 1.0, 0.8, 300});   // two replicates of a screen
  std::vector<Regime> out;
  for (const PerturbationRegime& r : grid)
    out.push_back({"perturbation", r.name(), {"r", "r_top50", "energy"}, [r](std::uint64_t seed) {
                     return run_perturbation(r, seed);
                   }});
  return out;
}
