#include <latentcell/latent/sample_options.hpp>

#include <cmath>

#include <latentcell/latent/push_forward.hpp>

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
}

TEST_CASE("SampleOptions: numbers out of range are refused by name and value, in generation and push-forward") {
  const auto flow = small_models::flow();
  Rng rng(1);
  const auto refused = [&](const SampleOptions& o, const std::string& why) {
    CHECK_THROWS_WITH(flow.generate(o, rng), ContainsText("generate: " + why));
    CHECK_THROWS_WITH(push_forward(flow, small_models::latents(3), {}, o, 0, rng),
                      ContainsText("push_forward: " + why));
  };
  refused({.count = -1}, "count must be at least 0, got -1");
  refused({.steps = 0}, "steps must be at least 1, got 0");
  refused({.eta = 2}, "eta must be in [0, 1], got 2");
  refused({.guidance = std::nanf("")}, "guidance must be a finite number, got nan");
  refused({.batch = 0}, "batch must be at least 1, got 0");
}
