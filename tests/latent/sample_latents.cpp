#include <latentcell/latent/sample_latents.hpp>

#include "small_models.hpp"

using namespace latentcell;

namespace {

// Moves everything to one place at once.
struct Jump {
  void operator()(FieldRef<float>, View<float> z, double, double) const { z.setConstant(0.5f); }
};

}  // namespace

TEST_CASE("sample_latents: a sampler of the caller's own takes the place of the methods") {
  const auto flow = small_models::flow();
  Rng rng(1);
  const LatentTable z = flow.generate({.count = 4}, rng, Jump());
  CHECK((z.mean.array() == 0.5f).all());
}

TEST_CASE("sample_latents: guidance of single attributes names what is no condition") {
  const auto flow = small_models::flow();
  Rng rng(1);
  REQUIRE_THROWS_WITH(flow.generate({.count = 1, .guidance_each = {{"age", 2.0f}}}, rng),
                      ContainsText("guidance_each names 'age', which is no condition of the model; it has 'type'"));
  REQUIRE_THROWS_WITH(flow.generate({.count = 1, .guidance = 2, .guidance_each = {{"type", 2.0f}}}, rng),
                      ContainsText("not both"));
}
