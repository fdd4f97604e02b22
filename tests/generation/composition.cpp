#include <latentcell/generation/composition.hpp>

#include <algorithm>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE(
    "sample_composition: whole passes keep the proportions exactly, and the batch covariate stays with its cells") {
  Rng rng(1);
  const Composition cells{{0, 0, 0, 1, 2}, {0, 0, 0, 1, 1}};
  const Composition twice = sample_composition(cells, {.count = 10}, rng);
  for (int label = 0; label < 3; ++label)
    CHECK(std::count(twice.label.begin(), twice.label.end(), label) ==
          2 * std::count(cells.label.begin(), cells.label.end(), label));
  for (std::size_t i = 0; i < 10; ++i) CHECK(twice.batch_covariate[i] == (twice.label[i] == 0 ? 0 : 1));
  // What does not fill a pass is drawn without replacement.
  const Composition some = sample_composition(cells, {.count = 7}, rng);
  REQUIRE(some.label.size() == 7);
  CHECK(std::count(some.label.begin(), some.label.end(), 1) <= 2);
  CHECK(std::count(some.label.begin(), some.label.end(), 0) <= 6);
}

TEST_CASE("sample_composition: takes the labels that are asked for, as many cells as there are of them by default") {
  Rng rng(2);
  const Composition cells{{0, 0, 0, 1, 2, -1}, {}};
  const Composition one = sample_composition(cells, {.labels = {0}}, rng);
  CHECK(one.label == std::vector<int>{0, 0, 0});
  CHECK(one.batch_covariate.empty());
  CHECK(sample_composition(cells, {}, rng).label.size() == 6);
  REQUIRE_THROWS_WITH(sample_composition(cells, {.labels = {7}}, rng),
                      ContainsText("none of 6 cells has one of the 1"));
  REQUIRE_THROWS_WITH(sample_composition(cells, {.count = -3}, rng),
                      ContainsText("sample_composition: count must be at least 0, got -3"));
  REQUIRE_THROWS_WITH(sample_composition(cells, {.labels = {0, -2}}, rng),
                      ContainsText("sample_composition: labels must be at least -1, got -2 (element 1)"));
}

TEST_CASE("composition_of and training_composition: the same cells, as codes of the model") {
  const auto& [cells, model] = generator::shared();
  Composition table = composition_of(model, cells), training = training_composition(model);
  CHECK(table.label == cells.obs("cell_type").codes);
  CHECK(table.batch_covariate == cells.obs("batch").codes);
  std::sort(table.label.begin(), table.label.end());
  CHECK(training.label == table.label);
  CHECK(training.batch_covariate.size() == table.batch_covariate.size());
}

TEST_CASE("CompositionSampler: parts are together what one part is, and leave the random numbers where it does") {
  const Composition cells{{0, 0, 0, 1, 2, -1, 1}, {0, 1, 0, 1, 0, 1, -1}};
  Rng rng(5);
  CompositionSampler parts(cells, {.count = 40}, rng), skipping = parts;
  const Composition whole = sample_composition(cells, {.count = 40}, rng);
  Composition joined;
  for (const Index n : {1, 9, 25, 100}) {
    const Composition part = parts.next(n);
    joined.label.insert(joined.label.end(), part.label.begin(), part.label.end());
    joined.batch_covariate.insert(joined.batch_covariate.end(), part.batch_covariate.begin(),
                                  part.batch_covariate.end());
  }
  CHECK(joined.label == whole.label);
  CHECK(joined.batch_covariate == whole.batch_covariate);
  CHECK(parts.left() == 0);
  CHECK(parts.next(3).label.empty());
  CHECK(parts.rng().state() == rng.state());
  skipping.skip(30);
  CHECK(skipping.left() == 10);
  CHECK(skipping.next(10).label == std::vector<int>(whole.label.begin() + 30, whole.label.end()));
}
