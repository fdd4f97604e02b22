#include <cmath>

#include <latentcell/evaluate/class_scores.hpp>

#include "support/catch.hpp"

using namespace latentcell::evaluate;

TEST_CASE("class_table: a row a class with its numbers, missing classes with no generated cell") {
  const ClassScores b{.level = "B",
                      .train = 120,
                      .held_out = 30,
                      .generated = 60,
                      .coverage = 0.75,
                      .coverage_ceiling = 0.9,
                      .accuracy = 0.8,
                      .accuracy_ceiling = 0.95};
  const ScoreTable table = class_table({b}, {"NK"});
  REQUIRE(table.rows().size() == 2);
  CHECK(table.value("B", "training_cells") == 120);
  CHECK(table.value("B", "held_out_cells") == 30);
  CHECK(table.value("B", "generated_cells") == 60);
  CHECK(table.value("B", "coverage") == 0.75);
  CHECK(table.value("B", "coverage_ceiling") == 0.9);
  CHECK(table.value("B", "label_accuracy") == 0.8);
  CHECK(table.value("B", "label_accuracy_ceiling") == 0.95);
  CHECK(table.value("NK", "generated_cells") == 0);
  CHECK(std::isnan(table.value("NK", "coverage")));
  CHECK(table.best("coverage") == -1);  // classes do not compete
}
