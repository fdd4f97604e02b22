#pragma once

#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/multiomics/cross_validate.hpp>
#include <latentcell/multiomics/multiomics.hpp>

#include "regime.hpp"

// Three folds of cells are held out in turn: proteins from RNA, and RNA from proteins.

struct MultiomicsRegime {
  Index cells, genes, proteins;
  double own, library;

  std::string name() const {
    return lc::text(cells, " cells, ", genes, " genes, ", proteins, " proteins, ", own < 0.5 ? "little" : "much",
                    " of their own, ", library, " counts");
  }
};

inline lc::multiomics::CrossValidation cross_validate(const MultiomicsRegime& r, std::uint64_t seed) {
  namespace mo = lc::multiomics;
  lc::Rng rng(seed, 2);
  const mo::Dataset data = mo::make_dataset(
      lc::simulate_multiomics(
          {.cells = r.cells, .genes = r.genes, .proteins = r.proteins, .library = r.library, .own = r.own}, rng),
      {});
  mo::CrossValidationOptions o{.folds = 3};
  o.model.ensemble.fold_seed = o.training.members.fit.seed = o.training.joint.fit.seed = seed;
  lc::Stages stages;
  return *mo::cross_validate(data, o, stages);
}

/// One table: proteins from RNA as "r", RNA from proteins as "r of genes". Models other than the default do not
/// compete.
inline lc::evaluate::ScoreTable run_multiomics(const MultiomicsRegime& r, std::uint64_t seed) {
  const lc::multiomics::CrossValidation cv = cross_validate(r, seed);
  lc::evaluate::ScoreTable out({{"r"}, {"r of genes"}, {"r of genes of the joint model"}});
  const double none = std::nan("");
  using lc::evaluate::Role;
  const auto role = [](const auto& row) {
    return row.role == Role::model && row.method != "latentcell" ? Role::baseline : row.role;
  };
  const double all = cv.genes.value("latentcell", "mean_r"),
               some = cv.genes.value("latentcell", "mean_r_genes_of_joint");
  for (const auto& row : cv.proteins.rows()) {
    const bool own = row.method == "latentcell";
    out.add(row.method, role(row), {cv.proteins.value(row.method, "mean_r"), own ? all : none, own ? some : none});
  }
  for (const auto& row : cv.genes.rows()) {
    if (row.method != "latentcell") out.add(row.method + ", genes", role(row), {none, row.values[0], row.values[1]});
  }
  return out;
}

inline std::vector<Regime> multiomics_regimes() {
  const std::vector<MultiomicsRegime> grid{{300, 800, 15, 0.3, 1500},  {500, 800, 49, 0.3, 1500},
                                           {1000, 800, 15, 0.3, 1500}, {1000, 800, 15, 1.0, 1500},
                                           {1000, 200, 15, 0.3, 300},  {3000, 800, 15, 0.3, 1500}};
  std::vector<Regime> out;
  for (const MultiomicsRegime& r : grid)
    out.push_back(
        {"translation", r.name(), {"r", "r of genes", "r of genes of the joint model"}, [r](std::uint64_t seed) {
           return run_multiomics(r, seed);
         }});
  return out;
}
