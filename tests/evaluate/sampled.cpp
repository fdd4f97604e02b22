#include <latentcell/evaluate/sampled.hpp>

#include <cmath>

#include <latentcell/evaluate/verdict.hpp>

#include "evaluate/cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;
using namespace evaluate_cells;

namespace {

const SampledOptions small{.draws = 6, .cells = 150, .each = quick};

const ScoreTable::Row& row_of(const ScoreTable& table, const char* method) {
  for (const ScoreTable::Row& row : table.rows()) {
    if (row.method == method) return row;
  }
  throw std::out_of_range(method);
}

double error_of(const ScoreTable& table, const char* method, const char* metric) {
  for (std::size_t m = 0; m < table.metrics().size(); ++m) {
    if (table.metrics()[m].name == metric) return row_of(table, method).error[m];
  }
  throw std::out_of_range(metric);
}

void add_blocks(SampledEvaluation& judge, const CellTable& cells, Index first, Index last, Index block) {
  for (Index from = first; from < last; from += block) {
    std::vector<Index> rows;
    for (Index i = from; i < std::min(last, from + block); ++i) rows.push_back(i);
    judge.add(cells.select_cells(rows), from);
  }
}

SampledReport judged(const Cells& cells, const SampledOptions& options = small, Index block = 700) {
  SampledEvaluation judge(cells.train, cells.held_out, "cell_type", options);
  add_blocks(judge, cells.generated, 0, cells.generated.cells(), block);
  return judge.report();
}

}  // namespace

TEST_CASE("SampledEvaluation: scores of the draws are within their errors of those of all cells") {
  // Cells of another law, so that the scores are not 0 by symmetry.
  Cells cells = draw(3000, 1);
  Rng rng(2);
  Counts fewer(cells.generated.genes());
  const CountsView x = cells.generated.counts.view();
  for (Index i = 0; i < x.rows; ++i) {
    for (std::size_t k = 0; k < x.row_columns(i).size(); ++k) {
      if (rng.uniform() < 0.75f) fewer.push(x.row_columns(i)[k], x.row_values(i)[k]);
    }
    fewer.end_row();
  }
  cells.generated.counts = fewer;
  const SampledReport report = judged(cells);
  EvaluateOptions all = quick;
  all.most_cells = 1400;
  const GenerationReport whole = evaluate_generation({cells.train, cells.held_out, cells.generated}, "cell_type", all);
  INFO(report.scores.to_text());
  INFO(whole.scores.to_text());
  // Equal label mixes make MMD and energy a little negative, the more the fewer cells: beside the ceiling they are not.
  for (const char* metric : {"mmd", "energy", "zeros"}) {
    CAPTURE(metric);
    const double error =
        std::hypot(error_of(report.scores, row::generated, metric), error_of(report.scores, row::held_out, metric));
    const auto beyond = [&](const ScoreTable& table) {
      return table.value(row::generated, metric) - table.value(row::held_out, metric);
    };
    CHECK(error > 0);
    CHECK(std::abs(beyond(whole.scores)) > 3 * error);
    CHECK(std::abs(beyond(report.scores) - beyond(whole.scores)) < 3 * error);
  }
  CHECK(std::abs(report.scores.value(row::generated, "zeros") - report.moments.value("all labels", "zeros")) <
        3 * error_of(report.scores, row::generated, "zeros"));
  CHECK(report.generated == 3000);
  CHECK(report.draws == 6);
  CHECK(report.cells <= 150);
  CHECK(report.cells >= 145);
}

TEST_CASE("SampledEvaluation: the AUC is not known better than its cells allow") {
  const Cells cells = draw(1200, 3);
  const SampledReport report = judged(cells);
  const double auc = report.scores.value(row::generated, "auc");
  CHECK(error_of(report.scores, row::generated, "auc") >= std::sqrt(auc * (1 - auc) / double(report.cells)));
}

TEST_CASE("SampledEvaluation: blocks, their order and how many share the work do not change a score") {
  const Cells cells = draw(1500, 4);
  const SampledReport once = judged(cells, small, 1500), blocks = judged(cells, small, 130);
  SampledEvaluation a(cells.train, cells.held_out, "cell_type", small),
      b(cells.train, cells.held_out, "cell_type", small);
  add_blocks(a, cells.generated, 800, 1500, 90);
  add_blocks(b, cells.generated, 0, 800, 800);
  a.merge(b);
  const SampledReport merged = a.report();
  for (const SampledReport* other : {&blocks, &merged}) {
    CHECK(other->scores.to_json() == once.scores.to_json());
    CHECK(other->moments.value("all labels", "mean_r") ==
          Approx(once.moments.value("all labels", "mean_r")).epsilon(1e-10));
    CHECK(other->generated == 1500);
  }
}

TEST_CASE("SampledEvaluation: more draws have smaller errors, and what is clearly worse stays so") {
  Cells cells = draw(2500, 5);
  const SampledReport report = judged(cells);
  CHECK(report.scores.compare().undecided >= 0);
  CHECK(report.scores.value(row::class_negative_binomial, "correlation") <
        report.scores.value(row::held_out, "correlation"));
  CHECK(report.scores.differ(row_of(report.scores, row::class_negative_binomial), row_of(report.scores, row::generated),
                             10));
  // Cells of the law of the real ones do not differ from the ceiling in what has no bias.
  CHECK_FALSE(report.scores.differ(row_of(report.scores, row::held_out), row_of(report.scores, row::generated), 2));
  CHECK(report.classes.size() == 3);
  Index generated = 0;
  for (const ClassScores& c : report.classes) generated += c.generated;
  CHECK(generated == 2500);
}

TEST_CASE("SampledEvaluation: training cells beyond train_cells are drawn, the prior is a row") {
  const Cells cells = draw(900, 6);
  SampledOptions o = small;
  o.draws = 2;
  o.train_cells = 300;
  SampledEvaluation judge(cells.train, cells.held_out, "cell_type", o);
  judge.add(cells.generated, 0);
  const SampledReport report = judge.report(&cells.train);
  CHECK(row_of(report.scores, row::prior).role == Role::baseline);
  Index train = 0;
  for (const ClassScores& c : report.classes) train += c.train;
  CHECK(train <= 301);
}

TEST_CASE("SampledEvaluation: an error grows with the share of cells that draws have in common") {
  const auto error = [](double shared) { return evaluate::detail::drawn_score({1, 2, 3}, shared).error; };
  CHECK(error(0) == Approx(std::sqrt(1.0 / 3)));
  CHECK(error(0.5) == Approx(std::sqrt(1.0 / 3 + 1)));
  CHECK(evaluate::detail::drawn_score({1, 2, 3}, 0.5).mean == Approx(2));
}

TEST_CASE("SampledEvaluation: wrong calls say what is wrong") {
  const Cells cells = draw(200, 7);
  CHECK_THROWS_WITH(SampledEvaluation(cells.train, cells.held_out, "type"), ContainsText("no label column 'type'"));
  CHECK_THROWS_WITH(SampledEvaluation(cells.train, cells.held_out, "cell_type", {.draws = 1}),
                    ContainsText("draws must be at least 2, got 1"));
  SampledEvaluation judge(cells.train, cells.held_out, "cell_type", small);
  CHECK_THROWS_WITH(judge.report(), ContainsText("no generated cells"));
  CellTable other = cells.generated;
  for (std::string& name : other.gene_names) name += "_other";
  CHECK_THROWS_WITH(judge.add(other, 0), ContainsText("none of the"));
}
