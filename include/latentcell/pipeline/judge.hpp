#pragma once

#include <algorithm>
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
#include <latentcell/pipeline/judge_bench.hpp>
#include <latentcell/pipeline/judge_cells.hpp>
#include <latentcell/pipeline/judge_classes.hpp>
#include <latentcell/pipeline/judge_report.hpp>

namespace latentcell {

/// Settings of judge.
struct JudgeOptions {
  Index components = 30;          ///< principal components; more show finer structure and more noise
  Index neighbors = 5;            ///< of density and coverage; larger is more lenient
  Index variable_genes = 200;     ///< genes the forest and the correlations look at
  Index min_cells_per_gene = 10;  ///< larger: rare genes are not judged
  Index min_cells_per_type = 20;  ///< larger: rare classes are not judged
  Index most_cells = 3000;        ///< compared at once; W2 takes its square in memory and more than that in time
  Index trees = 300;              ///< of the forest; more make its AUC less noisy
  std::uint64_t seed = 0;         ///< of halves, samples, floors and forests
};

namespace detail {

inline Categorical judge_labels(const NamedCells& table, const std::string& column) {
  table.cells->check();
  const Annotation& columns = table.cells->cell_columns;
  LATENTCELL_REQUIRE(columns.has(column), "judge: the ", table.name, " cells have no label column '", column,
                     "'; there are ", columns.list());
  return columns.labels(column);
}

}  // namespace detail

/// Judges generated cells against real ones that were not trained on, beside the floors.
/// The judged cells are cut in two halves. The first is what everything is compared with, in equal numbers and in its
/// label mix: the second half (fresh real cells), a Gaussian per class, independent negative binomials per class, the
/// autoencoder's prior where given, and the generated cells. Components, classifier and floors come from the training
/// cells. MMD has the kernel exp(-(d / median)^2) with the median distance of the first half for all rows.
/// Genes are matched by name, and those that all tables share are judged; labels are matched by level. Classes that are
/// rare, have no training cell or fewer than two judged ones are left out, and so are cells without a label; the notes
/// say so. Classes that were not generated are listed as missing, and left out of all rows. With 1,000 training and
/// 1,000 judged cells of 9,000 genes it takes some seconds. train, judged, generated and vae_prior, which may be null:
/// counts, with the obs column `label_column` Throws std::invalid_argument for a label column that is not there, genes
/// of which none is shared, too few cells.
inline JudgeReport judge(const CellTable& train, const CellTable& judged, const CellTable& generated,
                         const CellTable* vae_prior, const std::string& label_column,
                         const JudgeOptions& options = {}) {
  LATENTCELL_REQUIRE(
      options.components >= 1 && options.neighbors >= 1 && options.variable_genes >= 3 && options.trees >= 1,
      "judge: components ", options.components, ", neighbors ", options.neighbors, " and trees ", options.trees,
      " must be at least 1, variable_genes ", options.variable_genes, " at least 3");
  LATENTCELL_REQUIRE(options.most_cells > options.neighbors + 3,
                     "judge: most_cells must be more than neighbors + 3 = ", options.neighbors + 3, ", got ",
                     options.most_cells);
  JudgeReport report;
  const Rng root(options.seed);
  std::vector<NamedCells> tables = {{"training", &train}, {"judged", &judged}, {"generated", &generated}};
  if (vae_prior != nullptr) tables.push_back({"prior", vae_prior});
  std::vector<Categorical> labels;
  for (const NamedCells& table : tables) labels.push_back(detail::judge_labels(table, label_column));
  const std::vector<std::string> genes = shared_genes(tables, options.min_cells_per_gene, report.notes);
  Rng halving = root.at(0);

  // Which classes.
  const JudgedClasses classes =
      judged_classes(labels, options.min_cells_per_type, options.most_cells, halving, report.notes);
  const std::vector<std::string>& levels = classes.levels;
  const std::vector<std::vector<int>>& codes = classes.codes;
  report.missing = classes.missing;
  LATENTCELL_REQUIRE(
      !levels.empty(), "judge: no class of column '", label_column, "' has ", options.min_cells_per_type,
      " real cells, of them one to train on and two to judge on, and a generated cell; the judged cells have ",
      labels[1].list(), ", the generated ", labels[2].list());

  // Real cells.
  const Halves halves = stratified_halves(codes[1], halving);
  LATENTCELL_REQUIRE(Index(halves.first.size()) > options.neighbors + 3, "judge: ", halves.first.size(),
                     " cells are left to compare with, half of the judged ones; needs more than neighbors + 3 = ",
                     options.neighbors + 3);
  JudgeBench bench;
  bench.neighbors = options.neighbors;
  bench.trees = options.trees;
  bench.slices = root.at(1);
  bench.folds = root.at(2);
  bench.logged = kernel::log_normalize(pick_counts(judged, halves.first, genes));
  for (const Index row : halves.first) bench.codes.push_back(codes[1][to_size(row)]);
  bench.variable = metric::most_variable(bench.logged, options.variable_genes);
  std::vector<Index> every(to_size(train.cells()));
  std::iota(every.begin(), every.end(), Index(0));
  const Counts train_counts = pick_counts(train, every, genes);
  kernel::Pca<float> pca;
  Matrix<float> train_points;
  {
    const Counts logged = kernel::log_normalize(train_counts);
    Rng own = root.at(3);
    const Index most = std::min(train.cells(), Index(genes.size()));
    if (options.components > most) report.notes.push_back(text("only ", most, " principal components"));
    pca = kernel::fit_pca(logged, {.components = std::min(options.components, most)}, own);
    train_points = kernel::project(pca, logged);
  }
  bench.points = kernel::project(pca, bench.logged);
  // The median of the real cells alone: one kernel for all rows.
  bench.bandwidth = metric::median_distance(view(std::as_const(bench.points)));
  if (levels.size() > 1) {
    bench.classifier.emplace(view(std::as_const(train_points)), codes[0]);
  } else {
    report.notes.push_back("only one class: no label accuracy, no silhouette");
  }
  report.cells = Index(bench.codes.size());
  report.genes = Index(genes.size());
  report.components = pca.components.rows();

  // Cells in the label mix of the real ones; gives their points.
  const auto judge_counts = [&](const Counts& counts, Judgement& to) {
    const Counts logged = kernel::log_normalize(counts);
    Matrix<float> points = kernel::project(pca, logged);
    bench.judge_points(view(std::as_const(points)), to);
    bench.judge_genes(logged, to);
    return points;
  };
  // The same with cells of a table, brought to that mix.
  const auto judge_cells = [&](std::size_t t, std::span<const int> of_cells, std::uint64_t stream, Judgement& to) {
    Rng own = root.at(stream);
    const MatchedRows matched = match_codes(of_cells, bench.codes, own);
    if (matched.repeated > 0) {
      report.notes.push_back(
          text(matched.repeated, " of ", report.cells, " ", tables[t].name,
               " cells had to be taken twice or more: classes have fewer cells than are compared with"));
    }
    return judge_counts(pick_counts(*tables[t].cells, matched.rows, genes), to);
  };
  const Matrix<float> points = judge_cells(2, codes[2], 4, report.generated);
  std::vector<int> second(codes[1].size(), -1);
  for (const Index row : halves.second) second[to_size(row)] = codes[1][to_size(row)];
  const Matrix<float> fresh = judge_cells(1, second, 5, report.fresh_real);
  {
    Rng own = root.at(6);
    const metric::ClassGaussian floor(view(std::as_const(train_points)), codes[0]);
    const Matrix<float> drawn = floor.draw(bench.codes, own);
    const std::vector<double> library = metric::draw_library_sizes(train_counts, codes[0], bench.codes, own);
    judge_counts(metric::component_counts(pca, view(drawn), library, own), report.class_gaussian);
  }
  {
    Rng own = root.at(7);
    // Dispersions take in the spread of library sizes: genes that shared them would not be independent.
    const metric::ClassNegativeBinomial floor(train_counts, codes[0], {.library = metric::LibrarySizes::of_class});
    judge_counts(floor.draw(bench.codes, own), report.class_negative_binomial);
  }
  if (vae_prior != nullptr) {
    const std::vector<Index> there = counts_by_code(codes[3], levels.size());
    if (std::find(there.begin(), there.end(), Index(0)) == there.end()) {
      judge_cells(3, codes[3], 8, report.vae_prior);
    } else {
      report.notes.push_back("the prior cells lack a class: not judged");
    }
  }

  report.memorization =
      metric::memorization(view(std::as_const(train_points)), view(std::as_const(bench.points)), view(points));
  const std::vector<Index> in_train = counts_by_code(codes[0], levels.size()),
                           in_generated = counts_by_code(codes[2], levels.size());
  for (std::size_t l = 0; l < levels.size(); ++l) {
    ClassJudgement c{.level = levels[l], .train = in_train[l], .generated = in_generated[l]};
    bench.judge_class(int(l), view(points), view(fresh), c);
    report.classes.push_back(std::move(c));
  }
  return report;
}

}  // namespace latentcell
