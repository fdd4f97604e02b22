#pragma once

#include "generator.hpp"

// Generated cells beside a third of the cells, which are held out.

struct GenerationRegime {
  Index cells, genes, types;
  double library, factors;

  std::string name() const {
    return lc::text(cells, " cells, ", genes, " genes, ", types, " types, ", library,
                    " counts, variation within types ", factors);
  }
};

inline lc::evaluate::ScoreTable run_generation(const GenerationRegime& r, std::uint64_t seed) {
  namespace lg = lc::generation;
  lc::Rng rng(seed, 82);
  const lc::CellTable all = lc::simulate(
      {.cells = r.cells, .genes = r.genes, .types = r.types, .library = r.library, .factor_strength = r.factors}, rng);
  const lg::HeldOutCells cells = lg::hold_out(all, "cell_type", 1.0 / 3, rng);
  const lg::Model model = fit_generator(cells.train, "", seed);
  const lg::Composition of =
      lg::sample_composition(lg::composition_of(model, cells.train), {{}, cells.test.cells()}, rng);
  const lc::CellTable generated = lg::generate(model, of, {}, rng), prior = lg::sample_prior(model, of, rng);
  return lg::evaluate(model, {cells.train, cells.test, generated, &prior}, {.seed = seed}).scores;
}

inline std::vector<Regime> generation_regimes() {
  const std::vector<GenerationRegime> grid{{600, 500, 4, 250, 0.4},   {3000, 500, 6, 250, 0.4},
                                           {3000, 500, 6, 250, 1.0},  {3000, 50, 6, 100, 0.4},
                                           {3000, 2000, 6, 500, 0.4}, {9000, 500, 6, 250, 0.4}};
  std::vector<Regime> out;
  for (const GenerationRegime& r : grid)
    out.push_back({"generation",
                   r.name(),
                   {"w2", "mmd", "energy", "auc", "coverage", "correlation", "gene_wasserstein"},
                   [r](std::uint64_t seed) { return run_generation(r, seed); }});
  return out;
}
