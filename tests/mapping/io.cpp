#include <latentcell/mapping/io.hpp>

#include <cstdio>

#include <latentcell/generation/io.hpp>

#include "support/mapping_task.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using mapping_task::task;

TEST_CASE("mapping::save and load: a loaded model labels the query to the bit, and its generator is one") {
  const char* const path = "latentcell_mapping_io_test.safetensors";
  const mapping::Model& model = mapping_task::mapped();
  mapping::save(path, model);
  const mapping::Model loaded = mapping::load(path);
  CHECK_THROWS_WITH(generation::load(path), ContainsText("kind 'mapping', not 'generation'"));
  std::remove(path);
  CHECK(loaded.options.rounds == mapping_task::quick.rounds);
  CHECK(loaded.generator.options.batch_covariate_levels.back() == "new");
  const mapping::MappedCells a = mapping::predict(model, task().query), b = mapping::predict(loaded, task().query);
  CHECK(a.label == b.label);
  CHECK(a.confidence == b.confidence);
  CHECK(a.distance == b.distance);
  CHECK(mapping::part_shares(loaded) == mapping::part_shares(model));
  generation::save(path, model.generator);
  CHECK(generation::load(path).training_labels() == model.generator.training_labels());
  std::remove(path);
}
