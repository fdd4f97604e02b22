#include <latentcell/backbone/dit.hpp>
#include <latentcell/condition/category.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/flow/ddpm.hpp>
#include <latentcell/metric/energy_distance.hpp>
#include <latentcell/pipeline/fit_flow.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

const std::vector<std::string> levels{"a", "b"};

// Level a: two well separated normal clouds, one wide and one narrow; level b: one between them.
LatentTable mixture(Index n, std::uint64_t seed) {
  Rng rng(seed);
  LatentTable out;
  out.mean.resize(n, 2);
  std::vector<int> codes;
  for (Index i = 0; i < n; ++i) {
    const int code = i % 2 == 0 ? 0 : 1;
    const bool left = rng.uniform() < 0.5f;
    const double spread = code == 1 ? 0.6 : left ? 0.8 : 0.3;
    const double x = code == 1 ? 0 : left ? -3 : 3, y = code == 1 ? 2 : -1;
    out.mean(i, 0) = float(x + spread * rng.normal());
    out.mean(i, 1) = float(y + spread * rng.normal());
    codes.push_back(code);
    out.library.push_back(1000);
    out.cell_names.push_back(text("cell_", i));
  }
  out.cell_columns = Annotation(n);
  out.cell_columns.set("type", Categorical{levels, codes});
  return out;
}

// Energy distance of generated points to fresh ones, beside that of fresh ones to fresh ones.
struct Distances {
  double model, floor;
};

template <class PathType>
auto trained(const PathType& path) {
  const int before = threads();
  set_threads(1);
  Rng rng(3);
  const DitOptions tiny{.latent = 2, .tokens = 2, .width = 32, .depth = 2, .heads = 2, .mlp_ratio = 2, .condition = 16};
  Dit<float> dit(tiny, rng);
  LatentFlow flow(path, std::move(dit), from_obs("type", levels, Category<float>(2, tiny.condition, rng)));
  fit(flow, mixture(2000, 1), {.epochs = 70, .batch = 128, .learning_rate = 4e-3f, .ema = 0.98f});
  set_threads(before);
  return flow;
}

template <class Flow>
Distances distances(const Flow& flow, GenerateOptions o) {
  Rng rng(5);
  const LatentTable a = mixture(1000, 2), b = mixture(1000, 4);
  for (int i = 0; i < 1000; ++i) o.codes.push_back(i % 2);
  const LatentTable made = flow.generate(o, rng);
  const auto points = [](const LatentTable& t) { return ConstView<float>(t.mean.data(), t.cells(), 2); };
  return {metric::energy_distance(points(made), points(a)), metric::energy_distance(points(b), points(a))};
}

void check(const Distances& d) {
  INFO("model " << d.model << ", floor " << d.floor);
  CHECK(d.model < d.floor + 0.02);  // clouds are 2 to 6 apart: a cloud missing or blurred costs .1 and more
}

}  // namespace

TEST_CASE("objectives: rectified flows find a mixture known in closed form, with every coupling") {
  for (Coupling coupling : {Coupling::independent, Coupling::optimal, Coupling::sinkhorn}) {
    INFO("coupling " << int(coupling));
    check(distances(trained(RectifiedFlow{.coupling = coupling}), {.steps = 20}));
  }
}

TEST_CASE("objectives: a diffusion finds it, and every sampler leads there") {
  const auto flow = trained(Ddpm{});
  for (const GenerateOptions& how :
       {GenerateOptions{.steps = 30, .method = Method::heun}, GenerateOptions{.steps = 60, .method = Method::ddim},
        GenerateOptions{.steps = 60, .method = Method::ddim, .eta = 0.5},
        GenerateOptions{.steps = 100, .method = Method::ancestral},
        GenerateOptions{.steps = 200, .method = Method::euler_maruyama},
        GenerateOptions{.steps = 20, .method = Method::dpm_multistep},
        GenerateOptions{.steps = 15, .method = Method::dpm_singlestep}}) {
    INFO("method " << int(how.method) << ", eta " << how.eta);
    check(distances(flow, how));
  }
}

TEST_CASE("objectives: diffusions find it with every prediction, schedule and weight") {
  const GenerateOptions how{.steps = 30, .method = Method::dpm_multistep};
  check(distances(trained(Ddpm{.schedule = NoiseSchedule::linear, .prediction = Prediction::noise}), how));
  check(distances(trained(Ddpm{.prediction = Prediction::data}), how));
  check(distances(trained(Ddpm{.schedule = NoiseSchedule::sigmoid, .weighting = LossWeight::min_snr}), how));
}

TEST_CASE("objectives: a sampler that needs data in the noise is refused for the straight path") {
  Rng rng(1);
  const DitOptions tiny{.latent = 2, .tokens = 2, .width = 8, .depth = 1, .heads = 2, .condition = 4};
  Dit<float> dit(tiny, rng);
  LatentFlow flow(RectifiedFlow{}, std::move(dit), from_obs("type", levels, Category<float>(2, tiny.condition, rng)));
  flow.start(mixture(50, 1));
  REQUIRE_THROWS_WITH(flow.generate({.count = 2, .method = Method::euler_maruyama}, rng),
                      ContainsText("choose ancestral"));
}
