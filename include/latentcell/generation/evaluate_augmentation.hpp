#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/generation/oversample.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/metric/class_gaussian.hpp>
#include <latentcell/metric/label_scores.hpp>
#include <latentcell/metric/logistic_regression.hpp>
#include <latentcell/metric/random_forest.hpp>

namespace LATENTCELL_NAMESPACE::generation {

struct EvaluateAugmentationOptions {
  Index components = 30;        ///< principal components that classifiers see
  Index neighbors = 5;          ///< of a cell, towards which SMOTE interpolates
  Index trees = 300;            ///< of the forest
  std::vector<int> added = {};  ///< labels of the cells that baselines add; empty: those of the generated cells
  std::uint64_t seed = 0;

  static void visit(auto& self, auto&& f) {
    f("components", self.components, at_least(1));
    f("neighbors", self.neighbors, at_least(1));
    f("trees", self.trees, at_least(1));
    f("added", self.added, each(at_least(0)));
    f("seed", self.seed);
  }
};

/// How well classifiers label held-out cells, by what they were trained on.
struct AugmentationEvaluation {
  evaluate::ScoreTable scores;             ///< F1 of the added-to labels, F1 of all, accuracy; of both classifiers
  evaluate::ScoreTable label_f1_logistic;  ///< F1 of each label, logistic regression; NaN without held-out cells
  evaluate::ScoreTable label_f1_forest;    ///< the same of the random forest
  std::vector<Index> held_out_cells;       ///< (K) of each label
};

namespace detail {

inline constexpr std::uint64_t augmentation_stream = 31, forest_stream = 32;

/// Points that baselines add in place of generated cells, with the same labels.
struct AddedPoints {
  Matrix<float> copies;        // (M, D) random training points of the label
  Matrix<float> interpolated;  // (M, D) SMOTE: between such a point and one of its neighbors of the label
};

inline AddedPoints oversample(const Matrix<float>& points, const std::vector<int>& label, const std::vector<int>& added,
                              Index neighbors, Rng& rng) {
  AddedPoints out;
  out.copies.resize(Index(added.size()), points.cols());
  out.interpolated = out.copies;
  const auto rows = rows_by_label(label);
  for (std::size_t i = 0; i < added.size(); ++i) {
    const std::vector<Index>& own = rows_of_label(rows, added[i]);
    const Index one = own[std::size_t(rng.below(own.size()))];
    const Index towards = random_neighbor(points, own, one, neighbors, rng);
    out.copies.row(Index(i)) = points.row(one);
    out.interpolated.row(Index(i)) =
        points.row(one) + float(rng.uniform_double()) * (points.row(towards) - points.row(one));
  }
  return out;
}

}  // namespace detail

/// Trains both classifiers on points with labels and labels the held-out ones.
class ClassifierEvaluation {
 public:
  ClassifierEvaluation(const Matrix<float>& held_out, const std::vector<int>& truth, Index labels,
                       const EvaluateAugmentationOptions& o)
      : held_out_(held_out), truth_(truth), labels_(labels), o_(o) {}

  struct Scores {
    metric::LabelScores logistic, forest;
  };
  Scores operator()(const Matrix<float>& points, const std::vector<int>& label) const {
    const Labels found = labels_found(points, label);
    return {metric::label_scores(truth_, found.logistic, labels_), metric::label_scores(truth_, found.forest, labels_)};
  }

  /// Labels of the held-out cells, by each classifier.
  struct Labels {
    std::vector<int> logistic, forest;
  };
  Labels labels_found(const Matrix<float>& points, const std::vector<int>& label) const {
    Matrix<float> x = points;
    std::vector<int> code = label;
    Index kept = 0;  // only cells with a label
    for (Index i = 0; i < x.rows(); ++i) {
      if (code[to_size(i)] < 0) continue;
      x.row(kept) = x.row(i);
      code[to_size(kept++)] = code[to_size(i)];
    }
    code.resize(to_size(kept));
    const ConstView<float> train(x.data(), kept, x.cols());
    Rng own(o_.seed, detail::forest_stream);
    const Matrix<double> votes = metric::RandomForest(train, code, labels_, {.trees = o_.trees, .depth = 16}, own)
                                     .probabilities(view(held_out_));
    std::vector<int> of_forest;
    for (Index i = 0; i < votes.rows(); ++i) {
      const double* row = votes.data() + i * votes.cols();
      of_forest.push_back(int(std::max_element(row, row + votes.cols()) - row));
    }
    return {metric::LogisticRegression(train, code).predict(view(held_out_)), std::move(of_forest)};
  }

 private:
  const Matrix<float>& held_out_;
  const std::vector<int>& truth_;
  Index labels_;
  const EvaluateAugmentationOptions& o_;
};

/// Mean F1 of the labels that got cells and have held-out ones; NaN without such a label.
inline double rare_f1(const metric::LabelScores& scores, const std::vector<int>& added) {
  double sum = 0, labels = 0;
  for (std::size_t l = 0; l < scores.f1.size(); ++l) {
    if (std::find(added.begin(), added.end(), int(l)) == added.end() || scores.cells[l] == 0) continue;
    sum += scores.f1[l];
    labels += 1;
  }
  return labels > 0 ? sum / labels : std::numeric_limits<double>::quiet_NaN();
}

/// Measures whether generated cells of rare labels help classifiers: logistic regression and a random forest on
/// principal components of log1p(CP10K), trained on the training cells, evaluated on held-out cells. Baselines: the
/// training cells alone, and rare labels brought up to the same number by copies, by draws from the label's Gaussian,
/// and by SMOTE (Chawla et al. 2002). Where no cell was generated the model's row is that of the real cells alone.
///
/// train, held_out, generated: tables of the same genes; labels below `levels.size()`
///
/// Throws std::invalid_argument for tables of other genes, and for a generated label without training cells.
inline AugmentationEvaluation evaluate_augmentation(const LabelledCells& train, const LabelledCells& held_out,
                                                    const LabelledCells& generated,
                                                    const std::vector<std::string>& levels,
                                                    const EvaluateAugmentationOptions& o = {}) {
  check_options("evaluate_augmentation", o);
  LATENTCELL_REQUIRE(
      train.cells.gene_names == held_out.cells.gene_names && train.cells.gene_names == generated.cells.gene_names,
      "evaluate_augmentation: the tables have other genes; align_genes brings them together");
  Rng rng(o.seed, detail::augmentation_stream);
  const auto pca = kernel::LogPca::fit(train.cells.counts.view(), o.components, rng);
  const Matrix<float> real = pca.project(train.cells.counts.view()), held = pca.project(held_out.cells.counts.view());
  const std::vector<int>& added = o.added.empty() ? generated.label : o.added;
  const detail::AddedPoints points = detail::oversample(real, train.label, added, o.neighbors, rng);
  const ClassifierEvaluation classify(held, held_out.label, Index(levels.size()), o);

  AugmentationEvaluation out;
  std::vector<evaluate::Metric> metrics, of_levels;
  for (const char* classifier : {"logistic", "forest"}) {
    for (const char* name : {"F1 rare", "F1 all", "accuracy"}) metrics.push_back({text(name, ", ", classifier)});
  }
  for (const std::string& level : levels) of_levels.push_back({level});
  out.scores = evaluate::ScoreTable(metrics);
  out.label_f1_logistic = out.label_f1_forest = evaluate::ScoreTable(of_levels);
  const auto add = [&](const char* method, evaluate::Role role, const Matrix<float>& more,
                       const std::vector<int>& codes) {
    Matrix<float> x(real.rows() + more.rows(), real.cols());
    x.topRows(real.rows()) = real;
    std::vector<int> label = train.label;
    if (more.rows() > 0) {
      x.bottomRows(more.rows()) = more;
      label.insert(label.end(), codes.begin(), codes.end());
    }
    const auto s = classify(x, label);
    out.scores.add(method, role,
                   {rare_f1(s.logistic, added), s.logistic.macro_f1, s.logistic.accuracy, rare_f1(s.forest, added),
                    s.forest.macro_f1, s.forest.accuracy});
    out.label_f1_logistic.add(method, role, s.logistic.measured_f1());
    out.label_f1_forest.add(method, role, s.forest.measured_f1());
    out.held_out_cells = s.logistic.cells;
  };
  using evaluate::Role;
  add("real cells alone", Role::baseline, {}, {});
  add("and copies", Role::baseline, points.copies, added);
  add("and class Gaussians", Role::baseline, metric::ClassGaussian(view(real), train.label).draw(added, rng), added);
  add("and SMOTE", Role::baseline, points.interpolated, added);
  add("latentcell", Role::model,
      generated.cells.cells() > 0 ? pca.project(generated.cells.counts.view()) : Matrix<float>(), generated.label);
  return out;
}

}  // namespace latentcell::generation
