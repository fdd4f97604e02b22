#pragma once

#include "generator.hpp"

// Rare types are brought up as left-out training cells say; classifiers label held-out cells.

struct AugmentationRegime {
  Index cells, genes, types;
  double skew, markers, library;

  std::string name() const {
    return lc::text(cells, " cells, ", genes, " genes, ", types, " types, skew ", skew, ", markers ", markers, ", ",
                    library, " counts");
  }
};

inline lc::evaluate::ScoreTable run_augmentation(const AugmentationRegime& r, std::uint64_t seed) {
  namespace lg = lc::generation;
  lc::Rng rng(seed, 81);
  const lc::CellTable all = lc::simulate({.cells = r.cells,
                                          .genes = r.genes,
                                          .types = r.types,
                                          .library = r.library,
                                          .type_skew = r.skew,
                                          .marker_strength = r.markers},
                                         rng);
  const lg::HeldOutCells cells = lg::hold_out(all, "cell_type", 0.5, rng);
  const lg::TrainingOptions training = few_steps(cells.train.cells());
  const lg::Model model = fit_generator(cells.train, "", seed, training);
  const std::vector<std::string>& levels = model.options.levels;
  const std::vector<int> codes = cells.train.cell_columns.codes("cell_type", levels),
                         test = cells.test.cell_columns.codes("cell_type", levels);
  const lg::LabelDeficit lacks = lg::label_deficit(codes, Index(levels.size()), lg::AugmentOptions{}.min_cells);
  const lg::AugmentationChoice choice =
      lg::choose_augmentation(model.options, cells.train, {.training = training, .seed = seed});
  lg::AugmentOptions how;
  how.method = choice.candidates[choice.best].method;
  how.fill = choice.candidates[choice.best].fill;
  const lc::CellTable more = lg::augment(model, cells.train, rng, how);
  std::vector<int> added;
  for (std::size_t l = 0; l < levels.size(); ++l) added.insert(added.end(), lc::to_size(lacks.deficit[l]), int(l));
  const std::vector<int> of_more = more.cell_columns.codes("cell_type", levels);
  return lg::evaluate_augmentation({cells.train, codes}, {cells.test, test}, {more, of_more}, levels,
                                   {.added = added, .seed = seed})
      .scores;
}

inline std::vector<Regime> augmentation_regimes() {
  const std::vector<AugmentationRegime> grid{{800, 500, 8, 1.8, 1.4, 250},
                                             {3000, 500, 8, 1.8, 1.4, 250},
                                             {3000, 500, 8, 1.8, 0.7, 250},
                                             {3000, 500, 8, 1.8, 1.4, 60},
                                             {3000, 2000, 12, 1.5, 1.0, 500}};
  std::vector<Regime> out;
  for (const AugmentationRegime& r : grid)
    out.push_back({"rare labels", r.name(), {"F1 rare, logistic", "F1 rare, forest"}, [r](std::uint64_t seed) {
                     return run_augmentation(r, seed);
                   }});
  return out;
}
