#include <latentcell/evaluate/evaluate_generation.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

const EvaluateOptions quick{.components = 6, .variable_genes = 40, .trees = 20};

// A tissue of three types that lie apart, and cells of it to train on, to judge on, and as if generated.
struct Cells {
  CellTable train, judged, generated;
};

Cells draw(Index cells, std::uint64_t seed) {
  Rng rng(seed);
  const SimulatedTissue tissue(
      {.genes = 150, .types = 3, .library = 400, .type_skew = 0.5, .marker_share = 0.2, .marker_strength = 1.5}, rng);
  Cells out;
  out.train = tissue.draw(cells, rng);
  out.judged = tissue.draw(cells, rng);
  out.generated = tissue.draw(cells, rng);
  return out;
}

void set_labels(CellTable& cells, const Categorical& labels) { cells.cell_columns.set("cell_type", labels); }

Index rows_of(const CellTable& cells, const std::string& level) {
  const Categorical labels = cells.obs("cell_type");
  return labels.count(labels.code(level));
}

std::vector<Index> rows_but(const CellTable& cells, const std::string& level, Index kept) {
  const Categorical labels = cells.obs("cell_type");
  const int code = labels.code(level);
  std::vector<Index> out;
  for (std::size_t i = 0; i < labels.codes.size(); ++i) {
    if (labels.codes[i] != code || kept-- > 0) out.push_back(Index(i));
  }
  return out;
}

// The same cells with their genes the other way round.
CellTable reversed_genes(const CellTable& cells) {
  const std::vector<std::string> names(cells.gene_names.rbegin(), cells.gene_names.rend());
  return align_genes(cells, names).cells;
}

bool has_note(const JudgeReport& report, const std::string& part) {
  for (const std::string& note : report.notes) {
    if (note.find(part) != std::string::npos) return true;
  }
  return false;
}

std::vector<double> numbers(const JudgeReport& report) {
  std::vector<double> out;
  for (const JudgeRow& row : table_rows(report)) {
    for (const auto& entry : entries(*row.judgement)) out.push_back(entry.second);
  }
  for (const ClassScores& c : report.classes) out.insert(out.end(), {c.coverage, c.coverage_fresh, c.accuracy});
  out.push_back(report.memorization.generated);
  return out;
}

}  // namespace

TEST_CASE("judge: cells of the law of the real ones come out as fresh real cells do, floors worse") {
  const Cells cells = draw(400, 1);
  const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  for (const GenerationScores* j : {&report.generated, &report.fresh_real}) {
    CHECK(j->nearest_neighbor == Approx(0.5).margin(0.09));
    CHECK(j->auc == Approx(0.5).margin(0.12));
    CHECK(j->coverage > 0.9);
    CHECK(j->density == Approx(1.0).margin(0.25));
    CHECK(std::abs(j->mmd) < 0.01);
    CHECK(j->mean_r > 0.99);
    CHECK(j->correlation > 0.8);
    CHECK(std::abs(j->zeros) < 0.01);
    CHECK(j->label_accuracy > 0.85);
    CHECK(j->types_covered > 0.7);
    CHECK(j->silhouette == Approx(report.fresh_real.silhouette).margin(0.05));
  }
  CHECK(report.generated.w2 == Approx(report.fresh_real.w2).epsilon(0.08));
  CHECK(report.class_gaussian.coverage < report.fresh_real.coverage);
  CHECK(report.class_negative_binomial.correlation < report.fresh_real.correlation);
  CHECK(report.memorization.nearer_share < 0.12);
  CHECK(report.missing.empty());
  CHECK(std::isnan(report.vae_prior.w2));
  CHECK(report.components == 6);
  CHECK(report.classes.size() == 3);
  Index judged = 0;
  for (const ClassScores& c : report.classes) {
    judged += c.judged;
    CHECK(c.judged == rows_of(cells.judged, c.level) / 2);
    CHECK(c.generated == rows_of(cells.generated, c.level));
    CHECK(c.coverage > 0.7);
    CHECK(c.accuracy == Approx(c.accuracy_fresh).margin(0.15));
  }
  CHECK(judged == report.cells);
}

TEST_CASE("judge: training cells given as generated are seen to be copies") {
  const Cells cells = draw(200, 2);
  const JudgeReport report = judge(cells.train, cells.judged, cells.train, nullptr, "cell_type", quick);
  CHECK(report.memorization.generated == 0.0);
  CHECK(report.memorization.nearer_share == 1.0);
  CHECK(report.memorization.test.p_value < 1e-6);
}

TEST_CASE("judge: shuffled labels show in the label accuracy and the silhouette") {
  Cells cells = draw(200, 3);
  const JudgeReport good = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  Categorical labels = cells.generated.obs("cell_type");
  Rng rng(1);
  shuffle(std::span<int>(labels.codes), rng);
  set_labels(cells.generated, labels);
  const JudgeReport bad = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  CHECK(good.generated.label_accuracy > 0.85);
  CHECK(bad.generated.label_accuracy < 0.6);
  CHECK(bad.generated.silhouette < good.generated.silhouette - 0.05);
  CHECK(bad.fresh_real.label_accuracy == good.fresh_real.label_accuracy);
}

TEST_CASE("judge: a part of the counts lost shows in the zeros and in the 1-NN") {
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
  const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  CHECK(report.generated.zeros > 0.05);
  CHECK(report.generated.nearest_neighbor > 0.65);
  CHECK(report.generated.auc > 0.7);
  CHECK(report.generated.gene_wasserstein > 2 * report.fresh_real.gene_wasserstein);
}

TEST_CASE("judge: the order of genes does not matter, nor do cells of other genes") {
  const Cells cells = draw(120, 5);
  const JudgeReport plain = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  const CellTable judged = reversed_genes(cells.judged), generated = reversed_genes(cells.generated);
  const JudgeReport other = judge(cells.train, judged, generated, nullptr, "cell_type", quick);
  CHECK(numbers(plain) == numbers(other));
  CHECK(plain.notes == other.notes);

  // Without the last 30 genes in one table, as if none had them.
  std::vector<Index> first(120);
  std::iota(first.begin(), first.end(), Index(0));
  const CellTable few = cells.generated.select_genes(first);
  const JudgeReport less = judge(cells.train, cells.judged, few, nullptr, "cell_type", quick);
  CHECK(has_note(less, "30 of 150 genes are missing from the generated cells"));
  CHECK(less.genes <= 120);
  const JudgeReport cut =
      judge(cells.train.select_genes(first), cells.judged.select_genes(first), few, nullptr, "cell_type", quick);
  CHECK(numbers(less) == numbers(cut));
}

TEST_CASE("judge: the same seed gives the same with 1 and 3 threads, another seed another cut") {
  const Cells cells = draw(120, 6);
  const auto run = [&](std::uint64_t seed) {
    EvaluateOptions options = quick;
    options.seed = seed;
    return numbers(judge(cells.train, cells.judged, cells.generated, &cells.train, "cell_type", options));
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

TEST_CASE("judge: the prior gets a row of its own and changes no other") {
  const Cells cells = draw(120, 7), others = draw(120, 70);
  const JudgeReport without = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  const JudgeReport with = judge(cells.train, cells.judged, cells.generated, &others.train, "cell_type", quick);
  CHECK(table_rows(without).size() == 4);
  REQUIRE(table_rows(with).size() == 5);
  CHECK(with.generated.w2 == without.generated.w2);
  CHECK(with.fresh_real.auc == without.fresh_real.auc);
  CHECK(with.class_negative_binomial.mmd == without.class_negative_binomial.mmd);
  CHECK(with.vae_prior.nearest_neighbor > 0.9);  // another tissue
  const CellTable lacking = others.train.select_cells(rows_but(others.train, "type_1", 0));
  const JudgeReport note = judge(cells.train, cells.judged, cells.generated, &lacking, "cell_type", quick);
  CHECK(std::isnan(note.vae_prior.w2));
  CHECK(has_note(note, "the prior cells lack a class"));
}

TEST_CASE("judge: a class that was not generated is named") {
  Cells cells = draw(150, 8);
  cells.generated = cells.generated.select_cells(rows_but(cells.generated, "type_2", 0));
  const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  CHECK(report.missing == std::vector<std::string>{"type_2"});
  CHECK(has_note(report, "missing class: no generated cell is type_2"));
  CHECK(report.classes.size() == 2);
  CHECK(class_table(report).find("MISSING") != std::string::npos);
}

TEST_CASE("judge: classes with too few cells and missing labels are left out and mentioned") {
  Cells cells = draw(150, 9);
  SECTION("rare") {
    cells.judged = cells.judged.select_cells(rows_but(cells.judged, "type_3", 1));
    cells.train = cells.train.select_cells(rows_but(cells.train, "type_3", 5));
    const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
    CHECK(has_note(report, "classes of fewer than 20 real cells: not judged: type_3 (6)"));
    CHECK(has_note(report, "generated cells are of no judged class"));
    CHECK(report.classes.size() == 2);
    CHECK(report.missing.empty());
  }
  SECTION("a single judged cell") {
    cells.judged = cells.judged.select_cells(rows_but(cells.judged, "type_3", 1));
    const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
    CHECK(has_note(report, "classes of fewer than two judged cells: not judged: type_3 (1)"));
  }
  SECTION("not trained on") {
    cells.train = cells.train.select_cells(rows_but(cells.train, "type_3", 0));
    const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
    CHECK(has_note(report, "classes without training cells: not judged: type_3"));
  }
  SECTION("missing labels") {
    Categorical labels = cells.judged.obs("cell_type");
    for (std::size_t i = 0; i < 10; ++i) labels.codes[i] = Categorical::missing;
    set_labels(cells.judged, labels);
    const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
    CHECK(has_note(report, "10 judged cells have no label"));
    CHECK(report.cells <= 70);
  }
  SECTION("one class") {
    std::vector<Index> rows;
    const Categorical labels = cells.judged.obs("cell_type");
    for (std::size_t i = 0; i < labels.codes.size(); ++i) {
      if (labels.codes[i] == 0) rows.push_back(Index(i));
    }
    const JudgeReport report =
        judge(cells.train, cells.judged.select_cells(rows), cells.generated, nullptr, "cell_type", quick);
    CHECK(has_note(report, "only one class"));
    CHECK(std::isnan(report.generated.label_accuracy));
    CHECK(report.generated.w2 > 0.0);
  }
}

TEST_CASE("judge: too few generated cells are taken again, and that is said") {
  Cells cells = draw(150, 10);
  cells.generated = cells.generated.select_cells(rows_but(cells.generated, "type_1", 4));
  const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", quick);
  const Index wanted = rows_of(cells.judged, "type_1") / 2;
  CHECK(has_note(report, text(wanted - 4, " of ", report.cells, " generated cells had to be taken twice or more")));
}

TEST_CASE("judge: of many judged cells a random part is looked at") {
  const Cells cells = draw(200, 11);
  EvaluateOptions options = quick;
  options.most_cells = 40;
  const JudgeReport report = judge(cells.train, cells.judged, cells.generated, nullptr, "cell_type", options);
  CHECK(report.cells <= 40);
  CHECK(report.cells >= 37);
  CHECK(has_note(report, "a random 80 of 200 judged cells are looked at"));
}

TEST_CASE("judge: wrong input is refused in one sentence") {
  Cells cells = draw(60, 12);
  const auto run = [&](const EvaluateOptions& options = quick, const std::string& column = "cell_type") {
    return judge(cells.train, cells.judged, cells.generated, nullptr, column, options);
  };
  CHECK_THROWS_WITH(run(quick, "kind"),
                    ContainsText("the training cells have no label column 'kind'; there are cell_type"));
  EvaluateOptions wrong = quick;
  wrong.components = 0;
  CHECK_THROWS_WITH(run(wrong), ContainsText("components 0"));
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
  const CellTable judged = cells.judged;
  cells.judged = judged.select_cells(ten);
  CHECK_THROWS_WITH(run(), ContainsText("cells are left to compare with"));
  cells.judged = judged;
  for (std::string& name : cells.generated.gene_names) name = "other_" + name;
  CHECK_THROWS_WITH(run(), ContainsText("none of the 150 genes of the generated cells (other_gene_1, ...)"));
}

TEST_CASE("judge: the table has a line for each row and the columns of the numbers") {
  JudgeReport report;
  report.fresh_real.w2 = 5.916;
  report.generated.w2 = 6.0;
  report.generated.mmd = -0.00126;
  report.generated.zeros = 0.0042;
  const std::string out = table(report);
  CHECK(std::count(out.begin(), out.end(), '\n') == 6);
  CHECK(out.find("5.92") != std::string::npos);
  CHECK(out.find("-1.3") != std::string::npos);
  CHECK(out.find("+0.004") != std::string::npos);
  CHECK(out.find("prior") == std::string::npos);
  CHECK(entries(report.generated).size() == 16);
  CHECK(entries(report.generated).front() == std::pair<std::string, double>("w2", 6.0));
}

TEST_CASE("match_codes: takes every row of a code once before it takes one again") {
  const std::vector<int> codes = {0, 1, 0, -1, 1, 0}, wanted = {1, 0, 1, 0, 1, 0, 1, 0};
  Rng rng(13);
  const MatchedRows matched = match_codes(codes, wanted, rng);
  std::vector<int> taken(codes.size(), 0);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK(codes[to_size(matched.rows[i])] == wanted[i]);
    ++taken[to_size(matched.rows[i])];
  }
  CHECK(matched.repeated == 3);
  CHECK(taken[3] == 0);
  CHECK(taken[1] == 2);
  CHECK(taken[4] == 2);
  CHECK(taken[0] + taken[2] + taken[5] == 4);
  CHECK_THROWS_WITH(match_codes(codes, std::vector<int>{2}, rng), ContainsText("no row has code 2"));
}

TEST_CASE("stratified_halves: parts are disjoint and of one label mix") {
  const std::vector<int> codes = {0, 0, 0, 1, 1, -1, 2, 0};
  Rng rng(14);
  const Halves halves = stratified_halves(codes, rng);
  CHECK(halves.first.size() == 3);
  CHECK(halves.second.size() == 4);
  std::vector<int> seen(codes.size(), 0);
  for (const auto* half : {&halves.first, &halves.second}) {
    for (const Index row : *half) ++seen[to_size(row)];
  }
  CHECK(seen == std::vector<int>{1, 1, 1, 1, 1, 0, 1, 1});
}
