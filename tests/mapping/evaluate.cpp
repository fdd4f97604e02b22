#include <latentcell/mapping/evaluate.hpp>

#include <cmath>

#include "support/mapping_task.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using mapping_task::task;

namespace {

mapping::Evaluation evaluated(const Categorical& truth) {
  const mapping::Model& m = mapping_task::mapped();
  return mapping::evaluate(m, mapping::predict(m, task().query),
                           {task().generator, task().query, truth, &task().reference});
}

}  // namespace

TEST_CASE(
    "mapping::evaluate: the model, also without rounds, two baselines and the ceiling; permuted labels are found as by "
    "chance") {
  const Categorical truth = task().query.obs("cell_type");
  const mapping::Evaluation e = evaluated(truth);
  INFO(e.scores.to_text());
  REQUIRE(e.scores.rows().size() == 5);
  CHECK(e.scores.rows()[0].role == evaluate::Role::model);
  CHECK(e.scores.rows()[1].role == evaluate::Role::model);
  CHECK(e.scores.rows()[3].role == evaluate::Role::baseline);
  CHECK(e.scores.rows()[4].role == evaluate::Role::ceiling);
  CHECK(e.scores.value("latentcell", "accuracy") ==
        Approx(mapping_task::accuracy(task().truth, mapping::predict(mapping_task::mapped(), task().query).label)));
  for (const auto& row : e.scores.rows()) CHECK(row.values[0] > 0.8);
  CHECK(e.cells == 300);
  CHECK(e.unknown_cells == 0);

  Categorical permuted = truth;
  Rng rng(2);
  shuffle(std::span<int>(permuted.codes), rng);
  const mapping::Evaluation by_chance = evaluated(permuted);
  double chance = 0;
  for (int l = 0; l < 3; ++l) chance += std::pow(double(truth.count(l)) / 300, 2);
  for (const auto& row : by_chance.scores.rows()) {
    INFO(row.method);
    CHECK(row.values[0] == Approx(chance).margin(4.5 * std::sqrt(chance * (1 - chance) / 300)));
  }
}

TEST_CASE("mapping::evaluate: cells of labels that the reference does not have are counted, not evaluated") {
  Categorical truth = task().query.obs("cell_type");
  truth.levels.push_back("unheard of");
  const mapping::Evaluation all = evaluated(truth);
  for (std::size_t i = 0; i < 50; ++i) truth.codes[i] = 3;
  const mapping::Evaluation e = evaluated(truth);
  CHECK(e.cells == 250);
  CHECK(e.unknown_cells == 50);
  CHECK(e.unknown_auc == Approx(0.5).margin(0.2));  // they are like the others
  CHECK(std::isnan(all.unknown_auc));
  CHECK(e.label_f1.metrics().size() == 3);
}

TEST_CASE("mapping::evaluate: of two cells with a label the ceiling is not measured") {
  Categorical truth = task().query.obs("cell_type");
  for (std::size_t i = 2; i < truth.codes.size(); ++i) truth.codes[i] = -1;
  const mapping::Evaluation e = evaluated(truth);
  CHECK(std::isnan(e.scores.value("nearest in the query, true labels", "accuracy")));
  CHECK(std::isnan(e.label_f1.value("nearest in the query, true labels", truth.levels[0])));
  CHECK(std::isfinite(e.scores.value("latentcell", "accuracy")));
}
