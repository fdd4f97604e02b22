#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/match_levels.hpp>
#include <latentcell/evaluate/evaluated_classes.hpp>
#include <latentcell/evaluate/reference_cells.hpp>
#include <latentcell/evaluate/select_counts.hpp>
#include <latentcell/evaluate/shared_genes.hpp>
#include <latentcell/evaluate/split_half.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/metric/class_gaussian.hpp>
#include <latentcell/metric/class_negative_binomial.hpp>
#include <latentcell/metric/component_counts.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Settings of Evaluator and evaluate_generation.
struct EvaluateOptions {
  Index components = 30;          ///< principal components, at least 1. Larger: finer structure, more noise
  Index neighbors = 5;            ///< of density and coverage, at least 1. Larger: more lenient
  Index variable_genes = 200;     ///< of the forest and the correlations, at least 3
  Index min_cells_per_gene = 10;  ///< Larger: rare genes are left out
  Index min_cells_per_type = 20;  ///< Larger: rare classes are left out
  Index most_cells = 3000;        ///< compared at once; W2 takes its square in memory and more than that in time
  Index trees = 300;              ///< of the forest, at least 1. Larger: its AUC is less noisy
  std::uint64_t seed = 0;         ///< of halves, samples, baselines and forests

  static void visit(auto& self, auto&& f) {
    f("components", self.components, at_least(1));
    f("neighbors", self.neighbors, at_least(1));
    f("variable_genes", self.variable_genes, at_least(3));
    f("min_cells_per_gene", self.min_cells_per_gene, at_least(0));
    f("min_cells_per_type", self.min_cells_per_type, at_least(0));
    f("most_cells", self.most_cells, at_least(1));
    f("trees", self.trees, at_least(1));
    f("seed", self.seed);
  }
};

/// Which scores a row has.
enum class MetricSet {
  points,  ///< those in components: a fraction of a second
  all,     ///< also those in genes, with a forest: some seconds
};

/// Random streams of an evaluation.
namespace stream {
inline constexpr std::uint64_t halves = 0, slices = 1, forest = 2, components = 3, generated = 4, ceiling = 5,
                               class_gaussian = 6, class_negative_binomial = 7, prior = 8;
}  // namespace stream

/// Returns the labels of a table. Throws std::invalid_argument with the table and its columns where there is none of
/// the name.
inline Categorical labels_in(const NamedCells& table, const std::string& column) {
  table.cells->check();
  const Annotation& columns = table.cells->cell_columns;
  LATENTCELL_REQUIRE(columns.has(column), "evaluate: the ", table.name, " cells have no label column '", column,
                     "'; there are ", columns.list());
  return columns.labels(column);
}

/// Throws std::invalid_argument for options out of range.
inline void check_evaluate_options(const EvaluateOptions& o) {
  check_options("evaluate", o);
  LATENTCELL_REQUIRE(o.most_cells > o.neighbors + 3,
                     "evaluate: most_cells must be more than neighbors + 3 = ", o.neighbors + 3, ", got ",
                     o.most_cells);
}

/// Genes and classes that cells are evaluated in.
struct EvaluationScope {
  std::vector<std::string> genes;
  EvaluatedClasses classes;  ///< of its codes the first two are the training and the held-out cells'
};

/// Evaluates any number of sets of cells against held-out real ones. The held-out cells are cut in two halves of one
/// label mix: every set is compared with the first in equal numbers, and the second is the ceiling. Components,
/// classifier and baselines come from the training cells. `evaluate_generation` makes the whole report of one model.
class Evaluator {
 public:
  /// All genes of the two tables, all classes with training and held-out cells.
  /// train, held_out: counts with the obs column `label_column`; `train` must outlive this
  Evaluator(const CellTable& train, const CellTable& held_out, const std::string& label_column,
            const EvaluateOptions& options = {})
      : options_(options), root_(options.seed), train_(&train) {
    check_evaluate_options(options);
    const std::vector<NamedCells> tables = {{"training", &train}, {"held-out", &held_out}};
    const std::vector<Categorical> labels = {labels_in(tables[0], label_column), labels_in(tables[1], label_column)};
    scope_.genes = shared_genes(tables, options.min_cells_per_gene, notes_);
    Rng halving = root_.at(stream::halves);
    scope_.classes = evaluated_classes(labels, {options.min_cells_per_type, options.most_cells}, halving, notes_);
    start(held_out, halving);
  }

  /// The same with genes and classes that were chosen before.
  Evaluator(const CellTable& train, const CellTable& held_out, EvaluationScope scope, Rng& halving,
            const EvaluateOptions& options)
      : options_(options), root_(options.seed), train_(&train), scope_(std::move(scope)) {
    start(held_out, halving);
  }

  const std::vector<std::string>& genes() const { return scope_.genes; }
  const std::vector<std::string>& levels() const { return scope_.classes.levels; }
  const std::vector<std::string>& notes() const { return notes_; }
  /// What every set is compared with.
  const ReferenceCells& reference() const { return reference_; }
  /// Training cells in components.
  const Matrix<float>& train_points() const { return train_points_; }
  const kernel::Pca<float>& pca() const { return pca_.pca; }

  /// Scores cells in the order and mix of reference().codes; returns their points.
  /// logged (n, G) log1p(CP10K) -> (n, components)
  Matrix<float> score_logged(const Counts& logged, MetricSet metrics, GenerationScores& to) const {
    Matrix<float> points = pca_.project_logged(logged);
    reference_.score_points(view(points), to);
    if (metrics == MetricSet::all) reference_.score_genes(logged, to);
    return points;
  }

  /// Scores cells of a table, drawn to the reference's label mix.
  /// codes (N) of the classes, -1 for none -> (n, components)
  Matrix<float> score_cells(const NamedCells& table, std::span<const int> codes, std::uint64_t stream,
                            MetricSet metrics, GenerationScores& to) {
    Rng own = root_.at(stream);
    const MatchedRows matched = match_levels(codes, reference_.codes, own);
    if (matched.repeated > 0) {
      notes_.push_back(text(matched.repeated, " of ", reference_.codes.size(), " ", table.name,
                            " cells had to be taken twice or more: classes have fewer cells than are compared with"));
    }
    const Counts counts = select_counts(*table.cells, matched.rows, scope_.genes);
    return score_logged(kernel::log_normalize(counts), metrics, to);
  }
  /// The same by the labels of a column.
  GenerationScores score_cells(const CellTable& cells, const std::string& label_column,
                               MetricSet metrics = MetricSet::all) {
    GenerationScores to;
    const NamedCells table{"generated", &cells};
    score_cells(table, recode(labels_in(table, label_column), levels()), stream::generated, metrics, to);
    return to;
  }

  /// Scores the other half of the held-out cells: the ceiling.
  Matrix<float> score_ceiling(const CellTable& held_out, MetricSet metrics, GenerationScores& to) {
    const std::vector<int>& codes = scope_.classes.codes[1];
    std::vector<int> second(codes.size(), -1);
    for (const Index row : halves_.second) second[to_size(row)] = codes[to_size(row)];
    return score_cells({"held-out", &held_out}, second, stream::ceiling, metrics, to);
  }
  /// Scores the baseline of a Gaussian per class in the components, with Poisson counts around its points.
  void score_class_gaussian(MetricSet metrics, GenerationScores& to) const {
    Rng own = root_.at(stream::class_gaussian);
    const std::vector<int>& codes = scope_.classes.codes[0];
    const Matrix<float> drawn = metric::ClassGaussian(view(train_points_), codes).draw(reference_.codes, own);
    const std::vector<double> library = metric::draw_library_sizes(train_counts_, codes, reference_.codes, own);
    score_logged(kernel::log_normalize(metric::component_counts(pca_.pca, view(drawn), library, own)), metrics, to);
  }
  /// Scores the baseline of independent negative binomials per class.
  void score_class_negative_binomial(MetricSet metrics, GenerationScores& to) const {
    Rng own = root_.at(stream::class_negative_binomial);
    // Dispersions take in the spread of library sizes: genes that shared them would not be independent.
    const metric::ClassNegativeBinomial baseline(train_counts_, scope_.classes.codes[0],
                                                 {.library = metric::LibrarySizes::of_class});
    score_logged(kernel::log_normalize(baseline.draw(reference_.codes, own)), metrics, to);
  }

 private:
  void start(const CellTable& held_out, Rng& halving) {
    const std::vector<int>& codes = scope_.classes.codes[1];
    halves_ = split_half(codes, halving);
    LATENTCELL_REQUIRE(Index(halves_.first.size()) > options_.neighbors + 3, "evaluate: ", halves_.first.size(),
                       " cells are left to compare with, half of the held-out ones; needs more than neighbors + 3 = ",
                       options_.neighbors + 3);
    reference_.neighbors = options_.neighbors;
    reference_.trees = options_.trees;
    reference_.slices = root_.at(stream::slices);
    reference_.folds = root_.at(stream::forest);
    reference_.logged = kernel::log_normalize(select_counts(held_out, halves_.first, scope_.genes));
    for (const Index row : halves_.first) reference_.codes.push_back(codes[to_size(row)]);
    reference_.variable = metric::most_variable(reference_.logged, options_.variable_genes);
    std::vector<Index> every(to_size(train_->cells()));
    std::iota(every.begin(), every.end(), Index(0));
    train_counts_ = select_counts(*train_, every, scope_.genes);
    const Counts logged = kernel::log_normalize(train_counts_);
    Rng own = root_.at(stream::components);
    const Index most = std::min(train_->cells(), Index(scope_.genes.size()));
    if (options_.components > most) notes_.push_back(text("only ", most, " principal components"));
    pca_.pca = kernel::fit_pca(logged, {.components = std::min(options_.components, most)}, own);
    train_points_ = pca_.project_logged(logged);
    reference_.points = pca_.project_logged(reference_.logged);
    // The median of the real cells alone: one kernel for all rows.
    reference_.bandwidth = metric::median_distance(view(reference_.points));
    if (levels().size() > 1) {
      reference_.classifier.emplace(view(train_points_), scope_.classes.codes[0]);
    } else {
      notes_.push_back("only one class: no label accuracy, no silhouette");
    }
  }

  EvaluateOptions options_;
  Rng root_;
  const CellTable* train_;
  EvaluationScope scope_;
  std::vector<std::string> notes_;
  Halves halves_;
  ReferenceCells reference_;
  kernel::LogPca pca_;
  Counts train_counts_;
  Matrix<float> train_points_;
};

}  // namespace latentcell::evaluate
