#pragma once

#include <latentcell/mapping/mapping.hpp>

#include "generator.hpp"

// One level of the batch covariate is mapped onto the other; a part of its genes has no counterpart.

struct MappingRegime {
  Index cells, genes, types;
  double batch_effect, markers, other_genes, library;

  std::string name() const {
    return lc::text(cells, " cells, ", genes, " genes, ", 100 * other_genes, " % of them other ones, ", types,
                    " types, batch effect ", batch_effect, ", markers ", markers, ", ", library, " counts");
  }
};

inline lc::evaluate::ScoreTable run_mapping(const MappingRegime& r, std::uint64_t seed) {
  namespace lm = lc::mapping;
  lc::Rng rng(seed, 80);
  const lc::CellTable all = lc::simulate({.cells = r.cells,
                                          .genes = r.genes,
                                          .types = r.types,
                                          .batch_covariate_levels = 2,
                                          .library = r.library,
                                          .marker_strength = r.markers,
                                          .batch_effect_strength = r.batch_effect},
                                         rng);
  lm::HeldOutQuery cells = lm::hold_out_query(all, "batch", all.obs("batch").levels[1]);
  const double others = r.other_genes * double(r.genes);
  for (Index g = 0; double(g) < others; ++g) cells.query.gene_names[lc::to_size(g)] = lc::text("other_", g);
  const lc::generation::Model reference = fit_generator(cells.reference, "", seed, few_steps(cells.reference.cells()));
  lm::Options o;
  o.seed = seed;
  lm::Model model(reference, cells.query.gene_names, "query", o);
  lm::fit(model, reference, cells.query, &cells.reference);
  const lm::MappedCells mapped = lm::predict(model, cells.query);
  const lc::Categorical truth = cells.query.obs("cell_type");
  return lm::evaluate(model, mapped, {reference, cells.query, truth, &cells.reference}).scores;
}

inline std::vector<Regime> mapping_regimes() {
  const std::vector<MappingRegime> grid{{600, 500, 6, 0.5, 1.4, 0.2, 250},   {3000, 500, 6, 0.5, 1.4, 0.2, 250},
                                        {3000, 500, 6, 1.0, 1.0, 0.2, 250},  {3000, 500, 12, 0.5, 0.7, 0.2, 250},
                                        {3000, 500, 6, 0.5, 1.0, 0.8, 250},  {3000, 100, 6, 0.5, 1.4, 0.2, 100},
                                        {3000, 2000, 6, 0.25, 0.7, 0.5, 500}};
  std::vector<Regime> out;
  for (const MappingRegime& r : grid)
    out.push_back({"label transfer", r.name(), {"accuracy", "mean F1"}, [r](std::uint64_t seed) {
                     return run_mapping(r, seed);
                   }});
  return out;
}
