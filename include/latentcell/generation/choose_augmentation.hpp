#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/assign_folds.hpp>
#include <latentcell/generation/augment.hpp>
#include <latentcell/generation/evaluate_augmentation.hpp>
#include <latentcell/generation/fit.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Settings of choose_augmentation. The seed of `training` is taken.
struct ChooseAugmentationOptions {
  Index folds = 3;              ///< generators that are trained, each without a fold of the cells; at least 2
  AugmentOptions augment = {};  ///< of the chosen method; method and fill are chosen
  TrainingOptions training = {};
  Index trees = 100;  ///< of the forest
  std::uint64_t seed = 0;

  static void visit(auto& self, auto&& f) {
    f("folds", self.folds, at_least(2));
    f("augment", self.augment);
    f("training", self.training);
    f("trees", self.trees, at_least(1));
    f("seed", self.seed);
  }
};

/// A way to bring rare labels up, with the F1 of rare labels that it gave in left-out folds.
struct AugmentationCandidate {
  AugmentMethod method;
  double fill;
  double logistic = 0, forest = 0;
};

/// What choose_augmentation found.
struct AugmentationChoice {
  std::vector<AugmentationCandidate> candidates;
  std::size_t best = 0;       ///< the simplest within one standard error of the largest mean of both classifiers
  Index cells = 0;            ///< left-out cells of rare labels, over all folds
  double standard_error = 0;  ///< of the largest mean F1, as of a share of the cells
};

namespace detail {

inline constexpr std::uint64_t choice_stream = 33;

/// Labels of left-out cells by each candidate and classifier, over the folds.
struct FoundLabels {
  std::vector<int> truth;
  std::vector<ClassifierEvaluation::Labels> of;  // (candidates)

  void add(std::size_t candidate, ClassifierEvaluation::Labels found) {
    ClassifierEvaluation::Labels& to = of[candidate];
    to.logistic.insert(to.logistic.end(), found.logistic.begin(), found.logistic.end());
    to.forest.insert(to.forest.end(), found.forest.begin(), found.forest.end());
  }
};

/// Labels the left-out cells by classifiers trained on the others and what each candidate adds to them.
template <class Backbone>
void add_fold(const ModelOf<Backbone>& model, const LabelledCells& train, const LabelledCells& left_out,
              const std::vector<AugmentationCandidate>& candidates, const ChooseAugmentationOptions& o,
              FoundLabels& to) {
  const Index levels = Index(model.options.levels.size());
  const EvaluateAugmentationOptions classifiers{.trees = o.trees, .seed = o.seed};
  Rng rng(o.seed, choice_stream);
  const auto pca = kernel::LogPca::fit(train.cells.counts.view(), classifiers.components, rng);
  const Matrix<float> real = pca.project(train.cells.counts.view()), held = pca.project(left_out.cells.counts.view());
  const ClassifierEvaluation classify(held, left_out.label, levels, classifiers);
  to.truth.insert(to.truth.end(), left_out.label.begin(), left_out.label.end());
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    AugmentOptions augmentation = o.augment;
    augmentation.method = candidates[c].method;
    augmentation.fill = candidates[c].fill;
    // A fold's labels have fewer cells than all together, and so has what they are brought up to.
    augmentation.min_cells = o.augment.min_cells * train.cells.cells() / (train.cells.cells() + left_out.cells.cells());
    const CellTable more = augment(model, train.cells, rng, augmentation);
    Matrix<float> points = real;
    std::vector<int> label = train.label;
    if (more.cells() > 0) {
      points.conservativeResize(real.rows() + more.cells(), Eigen::NoChange);
      points.bottomRows(more.cells()) = pca.project(more.counts.view());
      const std::vector<int> codes = more.cell_columns.codes(model.options.label, model.options.levels);
      label.insert(label.end(), codes.begin(), codes.end());
    }
    to.add(c, classify.labels_found(points, label));
  }
}

}  // namespace detail

/// Sets `best` and `standard_error` of candidates with their F1, in their order: the first within one standard error of
/// the largest (Breiman et al., "Classification and regression trees", 1984).
inline void choose_simplest(AugmentationChoice& choice) {
  const auto mean = [](const AugmentationCandidate& c) { return (c.logistic + c.forest) / 2; };
  double largest = 0;
  for (const AugmentationCandidate& c : choice.candidates) largest = std::max(largest, mean(c));
  choice.standard_error = std::sqrt(largest * (1 - largest) / std::max(1.0, double(choice.cells)));
  choice.best = 0;
  while (choice.best + 1 < choice.candidates.size() &&
         mean(choice.candidates[choice.best]) < largest - choice.standard_error)
    ++choice.best;
}

/// Chooses how rare labels of training cells are brought up, by what helps classifiers of cells that were left out. For
/// each fold of the cells a generator is trained on the others, rare labels are brought up by every candidate (nothing,
/// copies, mixtures, generated cells, a third of them), and logistic regression and a random forest label the fold.
/// Of the candidates, in this order, choose_simplest keeps one: nothing, where nothing helps or no label lacks cells.
///
/// o: of the generator; cells (N, G): the training cells
/// Throws std::invalid_argument where no cell has a label.
inline AugmentationChoice choose_augmentation(const Options& o, const CellTable& cells,
                                              const ChooseAugmentationOptions& settings) {
  check_options("choose_augmentation", settings);
  AugmentationChoice out;
  out.candidates = {{AugmentMethod::none, 1},
                    {AugmentMethod::copies, 1},
                    {AugmentMethod::mixed, 1},
                    {AugmentMethod::generated, 1},
                    {AugmentMethod::generated, 1.0 / 3}};
  const std::vector<int> codes = cells.cell_columns.codes(o.label, o.levels);
  const LabelDeficit lacks = label_deficit(codes, Index(o.levels.size()), settings.augment.min_cells);
  if (std::all_of(lacks.deficit.begin(), lacks.deficit.end(), [](Index n) { return n == 0; })) return out;
  const std::vector<Index> fold = assign_folds(cells.cells(), settings.folds, settings.seed);
  detail::FoundLabels found{{}, std::vector<ClassifierEvaluation::Labels>(out.candidates.size())};
  for (Index f = 0; f < settings.folds; ++f) {
    std::vector<Index> rows[2];
    std::vector<int> label[2];
    for (Index i = 0; i < cells.cells(); ++i) {
      const int left_out = fold[to_size(i)] == f ? 1 : 0;
      rows[left_out].push_back(i);
      label[left_out].push_back(codes[to_size(i)]);
    }
    const CellTable train = cells.select_cells(rows[0]), held = cells.select_cells(rows[1]);
    Rng rng(settings.seed, std::uint64_t(f));
    Model model(o, rng);
    TrainingOptions training = settings.training;
    training.seed = settings.seed + 100 * std::uint64_t(f + 1);
    fit(model, train, training);
    detail::add_fold(model, {train, label[0]}, {held, label[1]}, out.candidates, settings, found);
  }
  std::vector<int> rare;
  for (std::size_t l = 0; l < lacks.deficit.size(); ++l) {
    if (lacks.deficit[l] == 0) continue;
    rare.push_back(int(l));
    out.cells += lacks.cells[l];
  }
  for (std::size_t c = 0; c < out.candidates.size(); ++c) {
    AugmentationCandidate& candidate = out.candidates[c];
    const Index levels = Index(o.levels.size());
    candidate.logistic = rare_f1(metric::label_scores(found.truth, found.of[c].logistic, levels), rare);
    candidate.forest = rare_f1(metric::label_scores(found.truth, found.of[c].forest, levels), rare);
  }
  choose_simplest(out);
  return out;
}

/// Says in one sentence which way was chosen, and what the others gave.
inline std::string describe(const AugmentationChoice& choice) {
  const auto name = [](const AugmentationCandidate& c) {
    return text(enum_name(c.method), c.fill < 1 ? " (a third)" : "");
  };
  std::string out = text("chosen in left-out folds: ", name(choice.candidates[choice.best]), "; F1 of ", choice.cells,
                         " rare cells, logistic and forest:");
  for (const AugmentationCandidate& c : choice.candidates)
    out += text(&c == choice.candidates.data() ? " " : "; ", name(c), " ", c.logistic, " and ", c.forest);
  return out;
}

}  // namespace latentcell::generation
