#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/evaluate/baseline/knn_labels.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/mapping/fit.hpp>
#include <latentcell/metric/label_scores.hpp>
#include <latentcell/metric/roc_auc.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

/// Query cells with their true labels, and the reference they were mapped onto.
template <class Backbone>
struct EvaluationData {
  const generation::ModelOf<Backbone>& reference;
  const CellTable& cells;                      ///< the query
  const Categorical& truth;                    ///< (N) its labels, matched with the reference's by name
  const CellTable* reference_cells = nullptr;  ///< with the label in obs, for baselines; null: none are measured
};

/// How well query cells are labelled.
struct Evaluation {
  evaluate::ScoreTable scores;                                    ///< accuracy and mean F1
  evaluate::ScoreTable label_f1;                                  ///< F1 of each label; NaN without cells
  Index cells = 0;                                                ///< with a label that the reference has: evaluated
  Index unknown_cells = 0;                                        ///< with another label: not evaluated
  double unknown_auc = std::numeric_limits<double>::quiet_NaN();  ///< of `distance`, unknown cells against the others
};

namespace detail {

inline constexpr std::uint64_t baseline_stream = 33;

/// Labels each query cell by the true labels of its nearest other query cells: what a reference without any difference
/// to the query would achieve. Empty where fewer than three cells have a label.
inline std::vector<int> leave_one_out_labels(const CellTable& cells, const std::vector<int>& truth, Index labels,
                                             const evaluate::baseline::KnnLabelsOptions& o, Rng& rng) {
  std::vector<Index> rows;
  std::vector<int> codes, out(truth.size(), -1);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] < 0) continue;
    rows.push_back(Index(i));
    codes.push_back(truth[i]);
  }
  if (Index(rows.size()) < 3) return {};
  const Counts counts = cells.select_cells(rows).counts;
  const Matrix<float> x = kernel::LogPca::fit(counts.view(), o.components, rng).project(counts.view());
  const Index k = std::min(o.neighbors, Index(rows.size()) - 1);
  const std::vector<int> found = metric::neighbor_votes(kernel::nearest_neighbors(view(x), k), codes, labels).label;
  for (std::size_t i = 0; i < rows.size(); ++i) out[to_size(rows[i])] = found[i];
  return out;
}

/// The reference generator mapped without training.
template <class Backbone>
std::vector<int> labels_without_training(const ModelOf<Backbone>& model, const EvaluationData<Backbone>& data) {
  Options o = model.options;
  o.rounds = 0;
  ModelOf<Backbone> as_is(data.reference, data.cells.gene_names, model.generator.options.batch_covariate_levels.back(),
                          o);
  fit(as_is, data.reference, data.cells, data.reference_cells);
  return predict(as_is, data.cells).label;
}

}  // namespace detail

/// Evaluates the labels of mapped cells, beside the model without rounds, the nearest reference cells in principal
/// components (baselines), and the nearest other query cells with their true labels (ceiling).
/// mapped: what `predict` returned for data.cells
/// Throws std::invalid_argument where the reference has none of the true labels.
template <class Backbone>
Evaluation evaluate(const ModelOf<Backbone>& model, const MappedCells& mapped, const EvaluationData<Backbone>& data) {
  using evaluate::Role;
  using evaluate::baseline::knn_labels;
  const std::vector<std::string>& levels = model.generator.options.levels;
  const Index labels = Index(levels.size());
  const std::vector<int> truth = recode(data.truth, levels);
  Evaluation out;
  std::vector<evaluate::Metric> of_levels;
  for (const std::string& level : levels) of_levels.push_back({level});
  out.scores = evaluate::ScoreTable({{"accuracy"}, {"mean F1"}});
  out.label_f1 = evaluate::ScoreTable(of_levels);
  const auto add = [&](const char* method, Role role, const std::vector<int>& label) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    if (label.empty()) {  // not measured
      out.scores.add(method, role, {none, none});
      out.label_f1.add(method, role, std::vector<double>(levels.size(), none));
      return;
    }
    const metric::LabelScores s = metric::label_scores(truth, label, labels);
    out.scores.add(method, role, {s.accuracy, s.macro_f1});
    out.label_f1.add(method, role, s.measured_f1());
  };
  add("latentcell", Role::model, mapped.label);
  if (model.options.rounds > 0)
    add("latentcell, not trained further", Role::model, detail::labels_without_training(model, data));
  Rng rng(model.options.seed, detail::baseline_stream);
  evaluate::baseline::KnnLabelsOptions o{.neighbors = model.options.neighbors};
  if (data.reference_cells != nullptr) {
    const CellTable& reference = *data.reference_cells;
    const std::vector<int> codes = reference.cell_columns.codes(model.generator.options.label, levels);
    add("nearest in PCs of reference", Role::baseline, knn_labels({reference, codes, labels}, data.cells, o, rng));
    o.of = evaluate::baseline::ComponentsOf::both;
    add("nearest in PCs of both", Role::baseline, knn_labels({reference, codes, labels}, data.cells, o, rng));
  }
  add("nearest in the query, true labels", Role::ceiling,
      detail::leave_one_out_labels(data.cells, truth, labels, o, rng));
  std::vector<double> with_label, unknown;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (data.truth.codes[i] >= 0) (truth[i] < 0 ? unknown : with_label).push_back(mapped.distance[i]);
  }
  out.cells = Index(with_label.size());
  out.unknown_cells = Index(unknown.size());
  if (!unknown.empty()) out.unknown_auc = metric::roc_auc(with_label, unknown);
  return out;
}

}  // namespace latentcell::mapping
