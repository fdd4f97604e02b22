#include <latentcell/latent/instances.hpp>

#include <cstring>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Weights of both stages and generated latents after short training, as one row.
std::vector<float> two_stages(int n, Index grain) {
  set_threads(n);
  set_thread_grain(grain);
  Rng rng(7);
  const CellTable cells = simulate({.cells = 150, .genes = 203}, rng);
  NegativeBinomialVae vae({.genes = cells.genes(), .hidden = {36}, .latent = 6, .dropout = 0.1f}, rng);
  fit(vae, cells, {.epochs = 2, .batch = 50});
  const Categorical types = cells.obs("cell_type");
  const Index levels = Index(types.levels.size());
  DitFlow flow(RectifiedFlow{},
               Dit<float>({.latent = 6, .tokens = 3, .width = 20, .depth = 1, .heads = 2, .condition = 20}, rng),
               from_obs("cell_type", types.levels, CategoricalCovariate<float>(levels, 20, rng)));
  fit(flow, encode(vae, cells), {.epochs = 2, .batch = 37});
  std::vector<float> out;
  const auto keep = [&](const Param<float>& p) {
    out.insert(out.end(), p.value.data(), p.value.data() + p.value.size());
  };
  each_param(vae, keep);
  each_param(flow, keep);
  const Matrix<float> z = flow.generate({.count = 33, .steps = 3}, rng).mean;
  out.insert(out.end(), z.data(), z.data() + z.size());
  return out;
}

}  // namespace

TEST_CASE("both stages: the same bits on any number of threads, however small their parts and whatever they gain") {
  const int before = threads();
  const Index grain = thread_grain();
  const std::vector<float> alone = two_stages(1, grain);
  CHECK(alone.size() > 10000);
  for (const int n : {2, 3, 5}) {
    for (const Index of : {Index(0), Index(100), Index(3000)}) {
      const std::vector<float> shared = two_stages(n, of);
      CHECK((shared.size() == alone.size() && std::memcmp(shared.data(), alone.data(), 4 * alone.size()) == 0));
    }
  }
  set_threads(before);
  set_thread_grain(grain);
}
