#include <latentcell/flow/ddpm.hpp>

#include "support/mixture.hpp"
#include "support/catch.hpp"

using namespace latent_tests;

namespace {

// Clouds are 2 to 6 apart: a cloud missing or blurred costs .1 and more.
bool found(const Distances& d) {
  UNSCOPED_INFO("model " << d.model << ", floor " << d.floor);
  return d.model < d.floor + 0.02;
}

}  // namespace

TEST_CASE("objectives: rectified flows find a mixture known in closed form, with every coupling") {
  for (Coupling coupling : {Coupling::independent, Coupling::optimal, Coupling::sinkhorn}) {
    INFO("coupling " << int(coupling));
    CHECK(found(distances(trained(RectifiedFlow{.coupling = coupling}), {.steps = 20})));
  }
}

TEST_CASE("objectives: a diffusion finds it, and every sampler leads there") {
  const auto flow = trained(Ddpm{});
  for (const SampleOptions& how :
       {SampleOptions{.steps = 30, .method = Method::heun}, SampleOptions{.steps = 60, .method = Method::ddim},
        SampleOptions{.steps = 60, .method = Method::ddim, .eta = 0.5},
        SampleOptions{.steps = 100, .method = Method::ancestral},
        SampleOptions{.steps = 200, .method = Method::euler_maruyama},
        SampleOptions{.steps = 20, .method = Method::dpm_multistep},
        SampleOptions{.steps = 15, .method = Method::dpm_singlestep}}) {
    INFO("method " << int(how.method) << ", eta " << how.eta);
    CHECK(found(distances(flow, how)));
  }
}

TEST_CASE("objectives: diffusions find it with every prediction, schedule and weight") {
  const SampleOptions how{.steps = 30, .method = Method::dpm_multistep};
  CHECK(found(distances(trained(Ddpm{.schedule = NoiseSchedule::linear, .prediction = Prediction::noise}), how)));
  CHECK(found(distances(trained(Ddpm{.prediction = Prediction::data}), how)));
  CHECK(found(distances(trained(Ddpm{.schedule = NoiseSchedule::sigmoid, .weighting = LossWeight::min_snr}), how)));
}

TEST_CASE("objectives: a sampler that needs data in the noise is refused for the straight path") {
  Rng rng(1);
  const DitOptions tiny{.latent = 2, .tokens = 2, .width = 8, .depth = 1, .heads = 2, .condition = 4};
  Dit<float> dit(tiny, rng);
  LatentFlow flow(RectifiedFlow{}, std::move(dit),
                  from_obs("type", levels, CategoricalCovariate<float>(2, tiny.condition, rng)));
  flow.start(mixture(50, 1));
  REQUIRE_THROWS_WITH(flow.generate({.count = 2, .method = Method::euler_maruyama}, rng),
                      ContainsText("choose ancestral"));
}
