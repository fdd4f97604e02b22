#pragma once

#include <optional>

#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/metric/class_gaussian.hpp>
#include <latentcell/metric/class_negative_binomial.hpp>
#include <latentcell/metric/component_counts.hpp>
#include <latentcell/metric/density_coverage.hpp>
#include <latentcell/metric/energy_distance.hpp>
#include <latentcell/metric/gene_correlation.hpp>
#include <latentcell/metric/gene_wasserstein.hpp>
#include <latentcell/metric/logistic_regression.hpp>
#include <latentcell/metric/most_variable.hpp>
#include <latentcell/metric/nearest_neighbor_test.hpp>
#include <latentcell/metric/silhouette.hpp>
#include <latentcell/metric/sliced_wasserstein.hpp>
#include <latentcell/metric/two_sample_auc.hpp>
#include <latentcell/metric/wasserstein.hpp>
#include <latentcell/pipeline/judge_cells.hpp>
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

// Real cells, and what every row of the table is held against.
struct JudgeBench {
  JudgeOptions options;
  Counts logged;                 // (n, G)
  Matrix<float> points;          // (n, k)
  std::vector<int> codes;        // (n)
  std::vector<Index> variable;   // most variable genes
  double bandwidth = 0;          // of the MMD
  std::optional<metric::LogisticRegression> classifier;
  Rng slices{0}, folds{0};       // the same for every row

  // 1 where the classifier finds the cell's label.      x (n, k) -> (n)
  std::vector<double> found(ConstView<float> x) const {
    std::vector<double> out;
    const std::vector<int> predicted = classifier->predict(x);
    for (std::size_t i = 0; i < codes.size(); ++i) out.push_back(double(predicted[i] == codes[i]));
    return out;
  }

  void judge_points(ConstView<float> x, Judgement& to) const {
    const ConstView<float> real = view(points);
    Rng own = slices;
    to.w2 = metric::wasserstein2(real, x);
    to.sliced_w2 = metric::sliced_wasserstein(real, x, metric::SlicedWassersteinOptions{}, own);
    if (bandwidth > 0.0) to.mmd = metric::mmd(real, x, bandwidth);
    to.energy = metric::energy_distance(real, x);
    to.nearest_neighbor = metric::nearest_neighbor_test(real, x).accuracy;
    const metric::DensityCoverage inside = metric::density_coverage(real, x, {.neighbors = options.neighbors});
    to.density = inside.density;
    to.coverage = inside.coverage;
    if (!classifier) return;
    to.silhouette = metric::silhouette(x, codes);
    to.label_accuracy = 0;
    for (const double hit : found(x)) to.label_accuracy += hit / double(codes.size());
  }

  void judge_genes(const CountsView& x, Judgement& to) const {
    const metric::MomentAgreement moments = metric::compare_moments(logged, x);
    to.mean_r = moments.mean_correlation;
    to.variance_r = moments.variance_correlation;
    to.zeros = moments.zero_difference;
    to.correlation = metric::gene_correlation(logged, x, variable);
    to.gene_wasserstein = 0;
    for (const double d : metric::gene_wasserstein(logged, x)) to.gene_wasserstein += d / double(x.cols);
    Rng own = folds;
    const Matrix<float> a = metric::dense_columns(logged, variable), b = metric::dense_columns(x, variable);
    to.auc = metric::two_sample_auc(view(a), view(b), {.folds = 3, .forest = {.trees = options.trees, .depth = 8}}, own);
  }

  // Share of the neighborhoods of one class that x's cells of that class reach.
  double class_coverage(ConstView<float> x, std::span<const Index> of_class) const {
    if (Index(of_class.size()) <= options.neighbors) return Judgement::unknown;
    const Matrix<float> a = metric::pick_rows(view(points), of_class), b = metric::pick_rows(x, of_class);
    return metric::density_coverage(view(a), view(b), {.neighbors = options.neighbors}).coverage;
  }
};

inline Categorical judge_labels(const NamedCells& table, const std::string& column) {
  table.cells->check();
  const Annotation& columns = table.cells->cell_columns;
  LATENTCELL_REQUIRE(columns.has(column), "judge: the ", table.name, " cells have no label column '", column,
                     "'; there are ", columns.list());
  return columns.labels(column);
}

inline std::vector<Index> counts_by_code(std::span<const int> codes, std::size_t levels) {
  std::vector<Index> out(levels, 0);
  for (const int code : codes) {
    if (code >= 0) ++out.at(std::size_t(code));
  }
  return out;
}

// "b cells (12), nk (3)"
inline std::string listed(const std::vector<std::pair<std::string, Index>>& names) {
  std::string out;
  for (const auto& [name, cells] : names) out += text(out.empty() ? "" : ", ", name, " (", cells, ")");
  return out;
}

}  // namespace detail

/// Judges generated cells against real ones that were not trained on, beside the floors.
/// The judged cells are cut in two halves. The first is what everything is compared with, in equal numbers and in its
/// label mix: the second half (fresh real cells), a Gaussian per class, independent negative binomials per class, the
/// autoencoder's prior where given, and the generated cells. Components, classifier and floors come from the training
/// cells. Genes are matched by name, labels by level. Classes that are rare, have no training cell or fewer than two
/// judged ones are left out, and so are cells without a label; the notes say so. Classes that were not generated are
/// listed as missing, and left out of all rows.
/// With 1,000 training and 1,000 judged cells of 9,000 genes it takes some seconds.
/// Throws std::invalid_argument for a label column that is not there, genes of which none is shared, too few cells.
inline JudgeReport judge(const CellTable& train, const CellTable& judged, const CellTable& generated,
                         const CellTable* vae_prior, const std::string& label_column, const JudgeOptions& options = {}) {
  LATENTCELL_REQUIRE(options.components >= 1 && options.neighbors >= 1 && options.variable_genes >= 3 && options.trees >= 1,
                     "judge: components ", options.components, ", neighbors ", options.neighbors, " and trees ",
                     options.trees, " must be at least 1, variable_genes ", options.variable_genes, " at least 3");
  LATENTCELL_REQUIRE(options.most_cells > options.neighbors + 3, "judge: most_cells must be more than neighbors + 3 = ",
                     options.neighbors + 3, ", got ", options.most_cells);
  JudgeReport report;
  const Rng root(options.seed);
  std::vector<NamedCells> tables = {{"training", &train}, {"judged", &judged}, {"generated", &generated}};
  if (vae_prior != nullptr) tables.push_back({"prior", vae_prior});
  std::vector<Categorical> labels;
  for (const NamedCells& table : tables) labels.push_back(detail::judge_labels(table, label_column));
  const std::vector<std::string> genes = shared_genes(tables, options.min_cells_per_gene, report.notes);

  // Which classes.
  const std::vector<std::string>& known = labels[1].levels;
  std::vector<std::vector<int>> codes;
  for (const Categorical& l : labels) codes.push_back(recode(l, known));
  const Index unlabelled = Index(std::count(codes[1].begin(), codes[1].end(), -1));
  if (unlabelled > 0) report.notes.push_back(text(unlabelled, " judged cells have no label: not judged"));
  std::vector<std::vector<Index>> of_level;
  for (const auto& c : codes) of_level.push_back(detail::counts_by_code(c, known.size()));
  Rng halving = root.at(0);
  const Index labelled = judged.cells() - unlabelled;
  if (labelled > 2 * options.most_cells) {
    std::vector<Index> rows;
    std::vector<int> some;
    for (std::size_t i = 0; i < codes[1].size(); ++i) {
      if (codes[1][i] < 0) continue;
      rows.push_back(Index(i));
      some.push_back(codes[1][i]);
    }
    const double share = double(2 * options.most_cells) / double(labelled);
    for (const Index i : stratified_split({known, some}, share, halving).train) codes[1][to_size(rows[to_size(i)])] = -1;
    of_level[1] = detail::counts_by_code(codes[1], known.size());
    report.notes.push_back(text("a random ", 2 * options.most_cells, " of ", labelled, " judged cells are looked at"));
  }
  std::vector<std::string> levels;
  std::vector<std::pair<std::string, Index>> rare, untrained, few;
  const std::vector<Index> all_judged = detail::counts_by_code(recode(labels[1], known), known.size());
  for (std::size_t l = 0; l < known.size(); ++l) {
    const Index real = of_level[0][l] + all_judged[l];
    if (all_judged[l] == 0) continue;
    if (real < options.min_cells_per_type) {
      rare.emplace_back(known[l], real);
    } else if (of_level[0][l] == 0) {
      untrained.emplace_back(known[l], all_judged[l]);
    } else if (of_level[1][l] < 2) {
      few.emplace_back(known[l], of_level[1][l]);
    } else if (of_level[2][l] == 0) {
      report.missing.push_back(known[l]);
      report.notes.push_back(text("missing class: no generated cell is ", known[l], ", ", all_judged[l],
                                  " judged cells are; the numbers speak of the other classes"));
    } else {
      levels.push_back(known[l]);
    }
  }
  const auto say = [&](const auto& names, const std::string& why) {
    if (!names.empty()) report.notes.push_back("classes " + why + ": not judged: " + detail::listed(names));
  };
  say(rare, text("of fewer than ", options.min_cells_per_type, " real cells"));
  say(untrained, "without training cells");
  say(few, "of fewer than two judged cells");
  LATENTCELL_REQUIRE(!levels.empty(), "judge: no class of column '", label_column, "' has ", options.min_cells_per_type,
                     " real cells, training cells, two judged and a generated one; the judged cells have ",
                     labels[1].list(), ", the generated ", labels[2].list());
  for (auto& c : codes) c = recode({known, c}, levels);
  const Index not_asked = generated.cells() - Index(std::count_if(codes[2].begin(), codes[2].end(), [](int c) { return c >= 0; }));
  if (not_asked > 0) report.notes.push_back(text(not_asked, " generated cells are of no judged class: not judged"));

  // Real cells.
  const Halves halves = stratified_halves(codes[1], halving);
  LATENTCELL_REQUIRE(Index(halves.first.size()) > options.neighbors + 3, "judge: ", halves.first.size(),
                     " cells are left to compare with, half of the judged ones; needs more than neighbors + 3 = ",
                     options.neighbors + 3);
  detail::JudgeBench bench;
  bench.options = options;
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
  // The kernel is exp(-d^2 / (2 median^2)), the median that of the real cells alone: one bandwidth for all rows.
  bench.bandwidth = std::sqrt(2.0) * metric::median_distance(view(std::as_const(bench.points)));
  if (levels.size() > 1) {
    bench.classifier.emplace(view(std::as_const(train_points)), codes[0]);
  } else {
    report.notes.push_back("only one class: no label accuracy, no silhouette");
  }
  report.cells = Index(bench.codes.size());
  report.genes = Index(genes.size());
  report.components = pca.components.rows();

  // Cells of a table in the label mix of the real ones; gives their points.
  const auto judge_cells = [&](std::size_t t, std::uint64_t stream, Judgement& to) {
    Rng own = root.at(stream);
    const MatchedRows matched = match_codes(codes[t], bench.codes, own);
    if (matched.repeated > 0) {
      report.notes.push_back(text(matched.repeated, " of ", report.cells, " ", tables[t].name,
                                  " cells had to be taken twice or more: classes have fewer cells than are compared with"));
    }
    const Counts logged = kernel::log_normalize(pick_counts(*tables[t].cells, matched.rows, genes));
    Matrix<float> points = kernel::project(pca, logged);
    bench.judge_points(view(std::as_const(points)), to);
    bench.judge_genes(logged, to);
    return points;
  };
  const Matrix<float> points = judge_cells(2, 4, report.generated);
  std::vector<int> second(codes[1].size(), -1);
  for (const Index row : halves.second) second[to_size(row)] = codes[1][to_size(row)];
  codes[1] = second;
  const Matrix<float> fresh = judge_cells(1, 5, report.fresh_real);
  {
    Rng own = root.at(6);
    const metric::ClassGaussian floor(view(std::as_const(train_points)), codes[0]);
    const Matrix<float> drawn = floor.draw(bench.codes, own);
    bench.judge_points(view(drawn), report.class_gaussian);
    const std::vector<double> library = metric::draw_library_sizes(train_counts, codes[0], bench.codes, own);
    bench.judge_genes(kernel::log_normalize(metric::component_counts(pca, view(drawn), library, own)), report.class_gaussian);
  }
  {
    Rng own = root.at(7);
    const metric::ClassNegativeBinomial floor(train_counts, codes[0]);
    const Counts logged = kernel::log_normalize(floor.draw(bench.codes, own));
    const Matrix<float> drawn = kernel::project(pca, logged);
    bench.judge_points(view(drawn), report.class_negative_binomial);
    bench.judge_genes(logged, report.class_negative_binomial);
  }
  if (vae_prior != nullptr) {
    const std::vector<Index> there = detail::counts_by_code(codes[3], levels.size());
    if (std::find(there.begin(), there.end(), Index(0)) == there.end()) {
      judge_cells(3, 8, report.vae_prior);
    } else {
      report.notes.push_back("the prior cells lack a class: not judged");
    }
  }

  report.memorization = metric::memorization(view(std::as_const(train_points)), view(std::as_const(bench.points)), view(points));
  std::vector<double> hits, hits_fresh;
  if (bench.classifier) {
    hits = bench.found(view(points));
    hits_fresh = bench.found(view(fresh));
  }
  const std::vector<Index> in_train = detail::counts_by_code(codes[0], levels.size()),
                           in_generated = detail::counts_by_code(codes[2], levels.size());
  for (std::size_t l = 0; l < levels.size(); ++l) {
    std::vector<Index> own;
    for (std::size_t i = 0; i < bench.codes.size(); ++i) {
      if (bench.codes[i] == int(l)) own.push_back(Index(i));
    }
    ClassJudgement c{.level = levels[l], .train = in_train[l], .judged = Index(own.size()), .generated = in_generated[l]};
    c.coverage = bench.class_coverage(view(points), own);
    c.coverage_fresh = bench.class_coverage(view(fresh), own);
    if (bench.classifier) {
      c.accuracy = c.accuracy_fresh = 0;
      for (const Index i : own) {
        c.accuracy += hits[to_size(i)] / double(own.size());
        c.accuracy_fresh += hits_fresh[to_size(i)] / double(own.size());
      }
    }
    report.classes.push_back(std::move(c));
  }
  return report;
}

}  // namespace latentcell
