#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/metric/memorization.hpp>
#include <latentcell/evaluate/evaluator.hpp>

namespace latentcell {

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
                         const EvaluateOptions& options = {}) {
  detail::check_judge_options(options);
  JudgeReport report;
  std::vector<NamedCells> tables = {{"training", &train}, {"judged", &judged}, {"generated", &generated}};
  if (vae_prior != nullptr) tables.push_back({"prior", vae_prior});
  std::vector<Categorical> labels;
  for (const NamedCells& table : tables) labels.push_back(detail::judge_labels(table, label_column));
  const std::vector<std::string> genes = shared_genes(tables, options.min_cells_per_gene, report.notes);
  Rng halving = Rng(options.seed).at(0);
  const JudgedClasses classes =
      judged_classes(labels, options.min_cells_per_type, options.most_cells, halving, report.notes);
  report.missing = classes.missing;
  LATENTCELL_REQUIRE(
      !classes.levels.empty(), "judge: no class of column '", label_column, "' has ", options.min_cells_per_type,
      " real cells, of them one to train on and two to judge on, and a generated cell; the judged cells have ",
      labels[1].list(), ", the generated ", labels[2].list());

  Evaluator against(train, judged, genes, classes, halving, options);
  const ReferenceCells& bench = against.bench();
  report.cells = Index(bench.codes.size());
  report.genes = Index(genes.size());
  report.components = against.pca().components.rows();
  const Matrix<float> points = against.judge_cells(tables[2], classes.codes[2], 4, MetricSet::all, report.generated);
  const Matrix<float> fresh = against.judge_fresh(judged, MetricSet::all, report.fresh_real);
  against.judge_class_gaussian(MetricSet::all, report.class_gaussian);
  against.judge_class_negative_binomial(MetricSet::all, report.class_negative_binomial);
  if (vae_prior != nullptr) {
    const std::vector<Index> there = counts_by_code(classes.codes[3], classes.levels.size());
    if (std::find(there.begin(), there.end(), Index(0)) == there.end()) {
      against.judge_cells(tables[3], classes.codes[3], 8, MetricSet::all, report.vae_prior);
    } else {
      report.notes.push_back("the prior cells lack a class: not judged");
    }
  }
  report.notes.insert(report.notes.end(), against.notes().begin(), against.notes().end());

  report.memorization = metric::memorization(view(against.train_points()), view(bench.points), view(points));
  const std::vector<Index> in_train = counts_by_code(classes.codes[0], classes.levels.size()),
                           in_generated = counts_by_code(classes.codes[2], classes.levels.size());
  for (std::size_t l = 0; l < classes.levels.size(); ++l) {
    ClassScores c{.level = classes.levels[l], .train = in_train[l], .generated = in_generated[l]};
    bench.judge_class(int(l), view(points), view(fresh), c);
    report.classes.push_back(std::move(c));
  }
  return report;
}

}  // namespace latentcell
