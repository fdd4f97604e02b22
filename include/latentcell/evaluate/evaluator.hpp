#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/metric/class_gaussian.hpp>
#include <latentcell/metric/class_negative_binomial.hpp>
#include <latentcell/metric/component_counts.hpp>
#include <latentcell/evaluate/reference_cells.hpp>
#include <latentcell/evaluate/shared_genes.hpp>
#include <latentcell/evaluate/class_scores.hpp>
#include <latentcell/evaluate/generation_report.hpp>

namespace latentcell {

/// Settings of judge.
struct EvaluateOptions {
  Index components = 30;          ///< principal components; more show finer structure and more noise
  Index neighbors = 5;            ///< of density and coverage; larger is more lenient
  Index variable_genes = 200;     ///< genes the forest and the correlations look at
  Index min_cells_per_gene = 10;  ///< larger: rare genes are not judged
  Index min_cells_per_type = 20;  ///< larger: rare classes are not judged
  Index most_cells = 3000;        ///< compared at once; W2 takes its square in memory and more than that in time
  Index trees = 300;              ///< of the forest; more make its AUC less noisy
  std::uint64_t seed = 0;         ///< of halves, samples, floors and forests
};

/// How much a row of the table is told.
enum class MetricSet {
  points,  ///< what is seen in the components: a fraction of a second
  all,     ///< also what is seen in the genes, a forest among it: some seconds
};

namespace detail {

inline Categorical judge_labels(const NamedCells& table, const std::string& column) {
  table.cells->check();
  const Annotation& columns = table.cells->cell_columns;
  LATENTCELL_REQUIRE(columns.has(column), "judge: the ", table.name, " cells have no label column '", column,
                     "'; there are ", columns.list());
  return columns.labels(column);
}

inline void check_judge_options(const EvaluateOptions& o) {
  LATENTCELL_REQUIRE(o.components >= 1 && o.neighbors >= 1 && o.variable_genes >= 3 && o.trees >= 1,
                     "judge: components ", o.components, ", neighbors ", o.neighbors, " and trees ", o.trees,
                     " must be at least 1, variable_genes ", o.variable_genes, " at least 3");
  LATENTCELL_REQUIRE(o.most_cells > o.neighbors + 3,
                     "judge: most_cells must be more than neighbors + 3 = ", o.neighbors + 3, ", got ", o.most_cells);
}

}  // namespace detail

/// Real cells kept out of training, cut in two halves: the first is what rows are held against, in equal numbers and in
/// its label mix, the second the best possible row. Components, classifier and floors come from the training cells. One
/// of these judges any number of models of the same cells; `judge` (judge.hpp) makes the whole report of one.
class Evaluator {
 public:
  /// All genes of the two tables, all classes with training and judged cells.
  /// train, judged: counts with the obs column `label_column`, the tables' genes the same; train must outlive this.
  Evaluator(const CellTable& train, const CellTable& judged, const std::string& label_column,
            const EvaluateOptions& options = {})
      : options_(options), root_(options.seed), train_(&train) {
    detail::check_judge_options(options);
    const std::vector<NamedCells> tables = {{"training", &train}, {"judged", &judged}};
    const Categorical of_train = detail::judge_labels(tables[0], label_column),
                      of_judged = detail::judge_labels(tables[1], label_column);
    genes_ = shared_genes(tables, options.min_cells_per_gene, notes_);
    Rng halving = root_.at(0);
    const std::vector<Categorical> labels = {of_train, of_judged, of_train};
    JudgedClasses classes = judged_classes(labels, options.min_cells_per_type, options.most_cells, halving, notes_);
    start(judged, std::move(classes), halving);
  }

  /// The same with genes and classes that were chosen before; of `classes` the first two code lists are the tables'.
  Evaluator(const CellTable& train, const CellTable& judged, std::vector<std::string> genes, JudgedClasses classes,
            Rng& halving, const EvaluateOptions& options)
      : options_(options), root_(options.seed), train_(&train), genes_(std::move(genes)) {
    start(judged, std::move(classes), halving);
  }

  const std::vector<std::string>& genes() const { return genes_; }
  const std::vector<std::string>& levels() const { return classes_.levels; }
  const std::vector<std::string>& notes() const { return notes_; }
  const ReferenceCells& bench() const { return bench_; }
  const Matrix<float>& train_points() const { return train_points_; }
  const std::vector<std::vector<int>>& codes() const { return classes_.codes; }
  const kernel::Pca<float>& pca() const { return pca_; }

  /// Cells in the order and mix of bench().codes; gives their points.     logged (n, G) log1p(CP10K)
  Matrix<float> judge_logged(const Counts& logged, MetricSet depth, GenerationScores& to) const {
    Matrix<float> points = kernel::project(pca_, logged);
    bench_.judge_points(view(points), to);
    if (depth == MetricSet::all) bench_.judge_genes(logged, to);
    return points;
  }

  /// Cells of a table, drawn to the judged mix by the codes of their classes, -1 for none.     codes (N)
  Matrix<float> judge_cells(const NamedCells& table, std::span<const int> codes, std::uint64_t stream, MetricSet depth,
                            GenerationScores& to) {
    Rng own = root_.at(stream);
    const MatchedRows matched = match_codes(codes, bench_.codes, own);
    if (matched.repeated > 0) {
      notes_.push_back(text(matched.repeated, " of ", bench_.codes.size(), " ", table.name,
                            " cells had to be taken twice or more: classes have fewer cells than are compared with"));
    }
    return judge_logged(kernel::log_normalize(pick_counts(*table.cells, matched.rows, genes_)), depth, to);
  }
  /// The same by the labels of a column.
  GenerationScores judge_cells(const CellTable& cells, const std::string& label_column,
                               MetricSet depth = MetricSet::all) {
    GenerationScores to;
    const NamedCells table{"generated", &cells};
    judge_cells(table, recode(detail::judge_labels(table, label_column), classes_.levels), 4, depth, to);
    return to;
  }

  /// The best possible row: real cells against real cells.
  Matrix<float> judge_fresh(const CellTable& judged, MetricSet depth, GenerationScores& to) {
    std::vector<int> second(classes_.codes[1].size(), -1);
    for (const Index row : halves_.second) second[to_size(row)] = classes_.codes[1][to_size(row)];
    return judge_cells({"judged", &judged}, second, 5, depth, to);
  }
  /// The floor of a Gaussian per class in the components.
  void judge_class_gaussian(MetricSet depth, GenerationScores& to) const {
    Rng own = root_.at(6);
    const metric::ClassGaussian floor(view(train_points_), classes_.codes[0]);
    const Matrix<float> drawn = floor.draw(bench_.codes, own);
    const std::vector<double> library = metric::draw_library_sizes(train_counts_, classes_.codes[0], bench_.codes, own);
    judge_logged(kernel::log_normalize(metric::component_counts(pca_, view(drawn), library, own)), depth, to);
  }
  /// The floor of independent negative binomials per class.
  void judge_class_negative_binomial(MetricSet depth, GenerationScores& to) const {
    Rng own = root_.at(7);
    // Dispersions take in the spread of library sizes: genes that shared them would not be independent.
    const metric::ClassNegativeBinomial floor(train_counts_, classes_.codes[0],
                                              {.library = metric::LibrarySizes::of_class});
    judge_logged(kernel::log_normalize(floor.draw(bench_.codes, own)), depth, to);
  }

 private:
  void start(const CellTable& judged, JudgedClasses classes, Rng& halving) {
    classes_ = std::move(classes);
    const std::vector<int>& judged_codes = classes_.codes[1];
    halves_ = stratified_halves(judged_codes, halving);
    LATENTCELL_REQUIRE(Index(halves_.first.size()) > options_.neighbors + 3, "judge: ", halves_.first.size(),
                       " cells are left to compare with, half of the judged ones; needs more than neighbors + 3 = ",
                       options_.neighbors + 3);
    bench_.neighbors = options_.neighbors;
    bench_.trees = options_.trees;
    bench_.slices = root_.at(1);
    bench_.folds = root_.at(2);
    bench_.logged = kernel::log_normalize(pick_counts(judged, halves_.first, genes_));
    for (const Index row : halves_.first) bench_.codes.push_back(judged_codes[to_size(row)]);
    bench_.variable = metric::most_variable(bench_.logged, options_.variable_genes);
    std::vector<Index> every(to_size(train_->cells()));
    std::iota(every.begin(), every.end(), Index(0));
    train_counts_ = pick_counts(*train_, every, genes_);
    const Counts logged = kernel::log_normalize(train_counts_);
    Rng own = root_.at(3);
    const Index most = std::min(train_->cells(), Index(genes_.size()));
    if (options_.components > most) notes_.push_back(text("only ", most, " principal components"));
    pca_ = kernel::fit_pca(logged, {.components = std::min(options_.components, most)}, own);
    train_points_ = kernel::project(pca_, logged);
    bench_.points = kernel::project(pca_, bench_.logged);
    // The median of the real cells alone: one kernel for all rows.
    bench_.bandwidth = metric::median_distance(view(bench_.points));
    if (classes_.levels.size() > 1) {
      bench_.classifier.emplace(view(train_points_), classes_.codes[0]);
    } else {
      notes_.push_back("only one class: no label accuracy, no silhouette");
    }
  }

  EvaluateOptions options_;
  Rng root_;
  const CellTable* train_;
  std::vector<std::string> genes_, notes_;
  JudgedClasses classes_;
  Halves halves_;
  ReferenceCells bench_;
  kernel::Pca<float> pca_;
  Counts train_counts_;
  Matrix<float> train_points_;
};

}  // namespace latentcell
