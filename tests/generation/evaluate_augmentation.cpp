#include <latentcell/generation/evaluate_augmentation.hpp>

#include <cmath>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

namespace {

struct Task {
  CellTable train, held, more;  // `more`: real cells of the two rare labels
  std::vector<int> train_label = {}, held_label = {}, more_label = {};
  std::vector<std::string> levels = {};

  AugmentationEvaluation with(const std::vector<int>& label) const {
    return evaluate_augmentation({train, train_label}, {held, held_label}, {more, label}, levels, {.trees = 50});
  }
};

const Task& task() {
  static const Task one = [] {
    Rng rng(4);
    SimulatedTissue tissue({.genes = 200, .types = 4, .library = 300, .type_skew = 2.2}, rng);
    Task t{.train = tissue.draw(300, rng), .held = tissue.draw(600, rng), .more = {}};
    const CellTable pool = tissue.draw(3000, rng);
    const std::vector<int> types = pool.obs("cell_type").codes;
    std::vector<Index> rare;
    for (Index i = 0; i < pool.cells() && rare.size() < 60; ++i) {
      if (types[to_size(i)] >= 2) rare.push_back(i), t.more_label.push_back(types[to_size(i)]);
    }
    t.more = pool.select_cells(rare);
    t.levels = pool.obs("cell_type").levels;
    t.train_label = t.train.obs("cell_type").codes;
    t.held_label = t.held.obs("cell_type").codes;
    return t;
  }();
  return one;
}

}  // namespace

TEST_CASE("evaluate_augmentation: real cells more of rare labels beat all baselines, mislabelled ones do harm") {
  const Task& t = task();
  std::vector<int> wrong;
  for (const int code : t.more_label) wrong.push_back(5 - code);
  const AugmentationEvaluation good = t.with(t.more_label), bad = t.with(wrong);
  REQUIRE(good.scores.rows().size() == 5);
  CHECK(good.scores.rows().back().role == evaluate::Role::model);
  for (const char* classifier : {"F1 rare, logistic", "F1 rare, forest"}) {
    const double alone = good.scores.value("real cells alone", classifier);
    CHECK(bad.scores.value("real cells alone", classifier) == alone);
    CHECK(good.scores.value("latentcell", classifier) > alone + 0.02);
    CHECK(bad.scores.value("latentcell", classifier) < alone);
  }
  CHECK(good.scores.best("F1 rare, forest") == 4);
}

TEST_CASE("evaluate_augmentation: rare F1 is the mean over the labels that got cells") {
  const AugmentationEvaluation e = task().with(task().more_label);
  for (const auto& row : e.label_f1_logistic.rows())
    CHECK(e.scores.value(row.method, "F1 rare, logistic") == Approx((row.values[2] + row.values[3]) / 2));
  for (const auto& row : e.label_f1_forest.rows())
    CHECK(e.scores.value(row.method, "F1 rare, forest") == Approx((row.values[2] + row.values[3]) / 2));
  Index sum = 0;
  for (const Index n : e.held_out_cells) sum += n;
  CHECK(sum == 600);
}

TEST_CASE("evaluate_augmentation: a label without held-out cells is not measured, and has no part in the mean") {
  Task t = task();
  for (int& code : t.held_label) code = code == 3 ? -1 : code;
  const AugmentationEvaluation e = t.with(t.more_label);
  CHECK(std::isnan(e.label_f1_forest.value("and copies", t.levels[3])));
  CHECK(e.scores.value("and copies", "F1 rare, forest") == e.label_f1_forest.value("and copies", t.levels[2]));
}

TEST_CASE("evaluate_augmentation: without held-out cells of the labels that got cells, rare F1 is not measured") {
  Task t = task();
  for (int& code : t.held_label) code = code >= 2 ? -1 : code;
  const AugmentationEvaluation e = t.with(t.more_label);
  CHECK(std::isnan(e.scores.value("and copies", "F1 rare, forest")));
  CHECK(std::isfinite(e.scores.value("and copies", "F1 all, forest")));
}

TEST_CASE("evaluate_augmentation: other genes and a label that no training cell has are refused") {
  Task t = task();
  const std::vector<int> held = t.held_label;
  CHECK_THROWS_WITH(evaluate_augmentation({t.train, t.train_label}, {t.held, held},
                                          {t.held.select_genes(std::vector<Index>{0, 1}), held}, t.levels),
                    ContainsText("align_genes"));
  for (int& code : t.train_label) code = code == 3 ? -1 : code;
  CHECK_THROWS_WITH(t.with(t.more_label), ContainsText("no cell has label 3"));
}
