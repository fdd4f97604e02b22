#include <latentcell/latent/push_forward.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("push_forward: without a velocity cells stay where they are, with names and library sizes") {
  auto flow = small_models::flow();
  each_param(flow, [](Param<float>& p) { p.value.setZero(); });
  const LatentTable z = small_models::latents(40);
  flow.start(z);
  Rng rng(1);
  const LatentTable moved = push_forward(flow, z, {}, {.steps = 4, .batch = 7}, 0, rng);
  CHECK((moved.mean - z.mean).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK(moved.library == z.library);
  const LatentTable noisy = push_forward(flow, z, {}, {.steps = 4}, 0.5f, rng);
  const double spread = std::sqrt(double((noisy.mean - z.mean).array().square().mean()));
  CHECK(spread == Approx(0.5 * double(flow.scaler.scale.value.mean())).epsilon(0.3));
  REQUIRE_THROWS_WITH(push_forward(flow, z, Annotation(3), {}, 0, rng), ContainsText("attributes of 3 cells for 40"));
}
