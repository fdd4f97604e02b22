#include <latentcell/latent/sample_options.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("SampleOptions: count and condition, or cells, not both") {
  const auto flow = small_models::flow();
  Rng rng(1);
  const Annotation cells = labelled("type", Categorical{{"type_1", "type_0"}, {0, 1, 0}});
  CHECK(flow.generate({.cells = cells, .steps = 2}, rng).cell_columns.labels("type").codes ==
        std::vector<int>{1, 0, 1});
  REQUIRE_THROWS_WITH(flow.generate({.condition = {{"type", "type_0"}}, .cells = cells}, rng),
                      ContainsText("not both"));
  REQUIRE_THROWS_WITH(flow.generate({.count = -1}, rng), ContainsText("count"));
}
