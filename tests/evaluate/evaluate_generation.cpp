#include <algorithm>
#include <cmath>
#include <numeric>

#include <latentcell/core/threads.hpp>
#include <latentcell/evaluate/evaluate_generation.hpp>

#include "evaluate/cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;
using namespace evaluate_cells;

namespace {

// The same cells with their genes the other way round.
CellTable reversed_genes(const CellTable& cells) {
  const std::vector<std::string> names(cells.gene_names.rbegin(), cells.gene_names.rend());
  return align_genes(cells, names).cells;
}

bool has_note(const GenerationReport& report, const std::string& part) {
  for (const std::string& note : report.notes) {
    if (note.find(part) != std::string::npos) return true;
  }
  return false;
}

std::vector<double> numbers(const GenerationReport& report) {
  std::vector<double> out;
  for (const ScoreTable::Row& row : report.scores.rows()) out.insert(out.end(), row.values.begin(), row.values.end());
  for (const ClassScores& c : report.classes) out.insert(out.end(), {c.coverage, c.coverage_ceiling, c.accuracy});
  out.push_back(report.memorization.generated);
  return out;
}

double of(const GenerationReport& report, const char* method, const char* metric) {
  return report.scores.value(method, metric);
}

}  // namespace

TEST_CASE(
    "evaluate_generation: cells of the law of the real ones come out as held-out real cells do, baselines worse") {
  const Cells cells = draw(400, 1);
  const GenerationReport report =
      evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  for (const char* name : {row::generated, row::held_out}) {
    CHECK(of(report, name, "nearest_neighbor") == Approx(0.5).margin(0.09));
    CHECK(of(report, name, "auc") == Approx(0.5).margin(0.12));
    CHECK(of(report, name, "coverage") > 0.9);
    CHECK(of(report, name, "density") == Approx(1.0).margin(0.25));
    CHECK(std::abs(of(report, name, "mmd")) < 0.01);
    CHECK(of(report, name, "mean_r") > 0.99);
    CHECK(of(report, name, "correlation") > 0.8);
    CHECK(std::abs(of(report, name, "zeros")) < 0.01);
    CHECK(of(report, name, "label_accuracy") > 0.85);
    CHECK(of(report, name, "types_covered") > 0.7);
    CHECK(of(report, name, "silhouette") == Approx(of(report, row::held_out, "silhouette")).margin(0.05));
  }
  CHECK(of(report, row::generated, "w2") == Approx(of(report, row::held_out, "w2")).epsilon(0.08));
  CHECK(of(report, row::class_gaussian, "coverage") < of(report, row::held_out, "coverage"));
  CHECK(of(report, row::class_negative_binomial, "correlation") < of(report, row::held_out, "correlation"));
  for (const ScoreTable::Row& row : report.scores.rows()) {
    const Role expected = row.method == row::generated  ? Role::model
                          : row.method == row::held_out ? Role::ceiling
                                                        : Role::baseline;
    CHECK(row.role == expected);
  }
  CHECK(report.memorization.nearer_share < 0.12);
  CHECK(report.missing.empty());
  CHECK_THROWS_WITH(of(report, row::prior, "w2"), ContainsText("no method 'VAE prior'"));
  CHECK(report.components == 6);
  CHECK(report.classes.size() == 3);
  Index compared = 0;
  for (const ClassScores& c : report.classes) {
    compared += c.held_out;
    CHECK(c.held_out == rows_of(cells.held_out, c.level) / 2);
    CHECK(c.generated == rows_of(cells.generated, c.level));
    CHECK(c.coverage > 0.7);
    CHECK(c.accuracy == Approx(c.accuracy_ceiling).margin(0.15));
  }
  CHECK(compared == report.cells);
}

TEST_CASE("evaluate_generation: training cells given as generated are seen to be copies") {
  const Cells cells = draw(200, 2);
  const GenerationReport report = evaluate_generation({cells.train, cells.held_out, cells.train}, "cell_type", quick);
  CHECK(report.memorization.generated == 0.0);
  CHECK(report.memorization.nearer_share == 1.0);
  CHECK(report.memorization.test.p_value < 1e-6);
}

TEST_CASE("evaluate_generation: shuffled labels show in the label accuracy and the silhouette") {
  Cells cells = draw(200, 3);
  const GenerationReport good = evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  Categorical labels = cells.generated.obs("cell_type");
  Rng rng(1);
  shuffle(std::span<int>(labels.codes), rng);
  set_labels(cells.generated, labels);
  const GenerationReport bad = evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  CHECK(of(good, row::generated, "label_accuracy") > 0.85);
  CHECK(of(bad, row::generated, "label_accuracy") < 0.6);
  CHECK(of(bad, row::generated, "silhouette") < of(good, row::generated, "silhouette") - 0.05);
  CHECK(of(bad, row::held_out, "label_accuracy") == of(good, row::held_out, "label_accuracy"));
}

TEST_CASE("evaluate_generation: a part of the counts lost shows in the zeros and in the 1-NN") {
  Cells cells = draw(200, 4);
  Rng rng(2);
  Counts thinned(cells.generated.genes());
  const CountsView from = cells.generated.counts;
  for (Index b = 0; b < from.rows; ++b) {
    for (std::size_t k = 0; k < from.row_values(b).size(); ++k) {
      if (rng.uniform() < 0.6f) thinned.push(from.row_columns(b)[k], from.row_values(b)[k]);
    }
    thinned.end_row();
  }
  cells.generated.counts = thinned;
  const GenerationReport report =
      evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  CHECK(of(report, row::generated, "zeros") > 0.05);
  CHECK(of(report, row::generated, "nearest_neighbor") > 0.65);
  CHECK(of(report, row::generated, "auc") > 0.7);
  CHECK(of(report, row::generated, "gene_wasserstein") > 2 * of(report, row::held_out, "gene_wasserstein"));
}

TEST_CASE("evaluate_generation: the order of genes does not matter, nor do cells of other genes") {
  const Cells cells = draw(120, 5);
  const GenerationReport plain =
      evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  const CellTable held_out = reversed_genes(cells.held_out), generated = reversed_genes(cells.generated);
  const GenerationReport other = evaluate_generation({cells.train, held_out, generated}, "cell_type", quick);
  CHECK(numbers(plain) == numbers(other));
  CHECK(plain.notes == other.notes);

  // Without the last 30 genes in one table, as if none had them.
  std::vector<Index> first(120);
  std::iota(first.begin(), first.end(), Index(0));
  const CellTable few = cells.generated.select_genes(first);
  const GenerationReport less = evaluate_generation({cells.train, cells.held_out, few}, "cell_type", quick);
  CHECK(has_note(less, "30 of 150 genes are missing from the generated cells"));
  CHECK(less.genes <= 120);
  const GenerationReport cut = evaluate_generation(
      {cells.train.select_genes(first), cells.held_out.select_genes(first), few}, "cell_type", quick);
  CHECK(numbers(less) == numbers(cut));
}

TEST_CASE("evaluate_generation: the same seed gives the same with 1 and 3 threads, another seed another cut") {
  const Cells cells = draw(120, 6);
  const auto run = [&](std::uint64_t seed) {
    EvaluateOptions options = quick;
    options.seed = seed;
    return numbers(
        evaluate_generation({cells.train, cells.held_out, cells.generated, &cells.train}, "cell_type", options));
  };
  const int before = threads();
  set_threads(1);
  const std::vector<double> one = run(7), other = run(8);
  set_threads(3);
  const std::vector<double> three = run(7);
  set_threads(before);
  REQUIRE(one.size() == three.size());
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i] == Approx(three[i]).epsilon(1e-9).margin(1e-12));
  CHECK(one != other);
}

TEST_CASE("evaluate_generation: the prior gets a row of its own and changes no other") {
  const Cells cells = draw(120, 7), others = draw(120, 70);
  const GenerationReport without =
      evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  const GenerationReport with =
      evaluate_generation({cells.train, cells.held_out, cells.generated, &others.train}, "cell_type", quick);
  CHECK(without.scores.rows().size() == 4);
  REQUIRE(with.scores.rows().size() == 5);
  CHECK(of(with, row::generated, "w2") == of(without, row::generated, "w2"));
  CHECK(of(with, row::held_out, "auc") == of(without, row::held_out, "auc"));
  CHECK(of(with, row::class_negative_binomial, "mmd") == of(without, row::class_negative_binomial, "mmd"));
  CHECK(of(with, row::prior, "nearest_neighbor") > 0.9);  // another tissue
  const CellTable lacking = others.train.select_cells(rows_but(others.train, "type_1", 0));
  const GenerationReport note =
      evaluate_generation({cells.train, cells.held_out, cells.generated, &lacking}, "cell_type", quick);
  CHECK(note.scores.rows().size() == 4);
  CHECK(has_note(note, "the prior cells lack a class"));
}

TEST_CASE("evaluate_generation: a class that was not generated is named") {
  Cells cells = draw(150, 8);
  cells.generated = cells.generated.select_cells(rows_but(cells.generated, "type_2", 0));
  const GenerationReport report =
      evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  CHECK(report.missing == std::vector<std::string>{"type_2"});
  CHECK(has_note(report, "missing class: no generated cell is type_2"));
  CHECK(report.classes.size() == 2);
  CHECK(class_table(report.classes, report.missing).value("type_2", "generated_cells") == 0);
}

TEST_CASE("evaluate_generation: classes with too few cells and missing labels are left out and mentioned") {
  Cells cells = draw(150, 9);
  SECTION("rare") {
    cells.held_out = cells.held_out.select_cells(rows_but(cells.held_out, "type_3", 1));
    cells.train = cells.train.select_cells(rows_but(cells.train, "type_3", 5));
    const GenerationReport report =
        evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
    CHECK(has_note(report, "classes of fewer than 20 real cells: not evaluated: type_3 (6)"));
    CHECK(has_note(report, "generated cells are of no evaluated class"));
    CHECK(report.classes.size() == 2);
    CHECK(report.missing.empty());
  }
  SECTION("a single held_out cell") {
    cells.held_out = cells.held_out.select_cells(rows_but(cells.held_out, "type_3", 1));
    const GenerationReport report =
        evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
    CHECK(has_note(report, "classes of fewer than two held-out cells: not evaluated: type_3 (1)"));
  }
  SECTION("not trained on") {
    cells.train = cells.train.select_cells(rows_but(cells.train, "type_3", 0));
    const GenerationReport report =
        evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
    CHECK(has_note(report, "classes without training cells: not evaluated: type_3"));
  }
  SECTION("missing labels") {
    Categorical labels = cells.held_out.obs("cell_type");
    for (std::size_t i = 0; i < 10; ++i) labels.codes[i] = Categorical::missing;
    set_labels(cells.held_out, labels);
    const GenerationReport report =
        evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
    CHECK(has_note(report, "10 held-out cells have no label"));
    CHECK(report.cells <= 70);
  }
  SECTION("one class") {
    std::vector<Index> rows;
    const Categorical labels = cells.held_out.obs("cell_type");
    for (std::size_t i = 0; i < labels.codes.size(); ++i) {
      if (labels.codes[i] == 0) rows.push_back(Index(i));
    }
    const GenerationReport report =
        evaluate_generation({cells.train, cells.held_out.select_cells(rows), cells.generated}, "cell_type", quick);
    CHECK(has_note(report, "only one class"));
    CHECK(std::isnan(of(report, row::generated, "label_accuracy")));
    CHECK(of(report, row::generated, "w2") > 0.0);
  }
}

TEST_CASE("evaluate_generation: too few generated cells are taken again, and that is said") {
  Cells cells = draw(150, 10);
  cells.generated = cells.generated.select_cells(rows_but(cells.generated, "type_1", 4));
  const GenerationReport report =
      evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", quick);
  const Index needed = rows_of(cells.held_out, "type_1") / 2;
  CHECK(has_note(report, text(needed - 4, " of ", report.cells, " generated cells had to be taken twice or more")));
}

TEST_CASE("evaluate_generation: of many held_out cells a random part is looked at") {
  const Cells cells = draw(200, 11);
  EvaluateOptions options = quick;
  options.most_cells = 40;
  const GenerationReport report =
      evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", options);
  CHECK(report.cells <= 40);
  CHECK(report.cells >= 37);
  CHECK(has_note(report, "a random 80 of 200 held-out cells are used"));
}

TEST_CASE("evaluate_generation: wrong input is refused in one sentence") {
  Cells cells = draw(60, 12);
  const auto run = [&](const EvaluateOptions& options = quick, const std::string& column = "cell_type") {
    return evaluate_generation({cells.train, cells.held_out, cells.generated}, column, options);
  };
  CHECK_THROWS_WITH(run(quick, "kind"),
                    ContainsText("the training cells have no label column 'kind'; there are cell_type"));
  EvaluateOptions wrong = quick;
  wrong.components = 0;
  CHECK_THROWS_WITH(run(wrong), "evaluate: components must be at least 1, got 0");
  wrong = quick;
  wrong.most_cells = 5;
  CHECK_THROWS_WITH(run(wrong), ContainsText("most_cells must be more than"));
  wrong = quick;
  wrong.min_cells_per_type = 1000;
  CHECK_THROWS_WITH(run(wrong), ContainsText("no class of column 'cell_type' has 1000"));
  wrong = quick;
  wrong.min_cells_per_gene = 1000;
  CHECK_THROWS_WITH(run(wrong), ContainsText("needs at least 3 genes"));
  std::vector<Index> ten(10);
  std::iota(ten.begin(), ten.end(), Index(0));
  const CellTable held_out = cells.held_out;
  cells.held_out = held_out.select_cells(ten);
  CHECK_THROWS_WITH(run(), ContainsText("cells are left to compare with"));
  cells.held_out = held_out;
  for (std::string& name : cells.generated.gene_names) name = "other_" + name;
  CHECK_THROWS_WITH(run(), ContainsText("none of the 150 genes of the generated cells (other_gene_1, ...)"));
}
