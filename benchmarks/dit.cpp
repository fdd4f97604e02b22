// Trains or samples a diffusion transformer over latents as users do, through LatentFlow, and prints one line of JSON
// like the peer that a PyTorch user would write by hand: samples a second and milliseconds a step (train) or a call
// (sample), the median of the repetitions and the best of them.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include <latentcell/backbone/dit.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/latent/fit_flow.hpp>

#include "memory.hpp"

namespace lc = latentcell;

namespace {

constexpr int classes = 20;

using Flow = lc::LatentFlow<lc::Dit<float>, lc::FromObs<lc::ObsCategory, lc::CategoricalCovariate<float>>>;

Flow made_flow(const lc::DitOptions& options) {
  std::vector<std::string> levels;
  for (int i = 0; i < classes; ++i) levels.push_back(lc::text("type_", i));
  lc::Rng rng(1);
  lc::Dit<float> dit(options, rng);
  Flow flow(lc::RectifiedFlow{}, std::move(dit),
            lc::from_obs("cell_type", levels, lc::CategoricalCovariate<float>(classes, options.condition, rng)));
  // The modulations start at zero; a trained model's do not.
  lc::each_param(flow, [&](lc::Param<float>& p) {
    for (lc::Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.01f * float(rng.normal());
  });
  return flow;
}

lc::LatentTable made_latents(const Flow& flow, lc::Index cells) {
  lc::Rng rng(2);
  lc::LatentTable table;
  table.mean.resize(cells, flow.latent());
  for (lc::Index i = 0; i < table.mean.size(); ++i) table.mean.data()[i] = float(rng.normal());
  table.library.assign(lc::to_size(cells), 1000.0f);
  table.cell_columns = lc::Annotation(cells);
  std::vector<int> codes(lc::to_size(cells));
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = int(i) % classes;
  table.cell_columns.set("cell_type", lc::Categorical{flow.condition.reader.levels, codes});
  return table;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Training or sampling a DiT over latents: one line of JSON");
  std::string what;
  lc::DitOptions dit{.latent = 256, .tokens = 16, .width = 256, .depth = 6, .heads = 8, .condition = 256};
  lc::Index batch = 64, steps = 50;
  int threads = 2, n = 10;
  std::string widest = "avx512";
  app.add_option("what", what, "train or sample")->required()->check(CLI::IsMember({"train", "sample"}));
  app.add_option("--latent", dit.latent);
  app.add_option("--tokens", dit.tokens);
  app.add_option("--width", dit.width);
  app.add_option("--depth", dit.depth);
  app.add_option("--heads", dit.heads);
  app.add_option("--batch", batch, "cells of a step, or of a call");
  app.add_option("--steps", steps, "steps of the sampler");
  app.add_option("--threads", threads);
  app.add_option("--n", n, "repetitions: training runs n epochs of 10 steps, sampling n calls; one more to warm up");
  app.add_option("--isa", widest, "widest instruction set of the kernels")
      ->check(CLI::IsMember({"portable", "avx2", "avx512"}));
  CLI11_PARSE(app, argc, argv);
  dit.condition = dit.width;
  lc::set_threads(threads);
  lc::kernel::limit_isa(widest == "portable" ? lc::kernel::Isa::portable
                        : widest == "avx2"   ? lc::kernel::Isa::avx2
                                             : lc::kernel::Isa::avx512);

  Flow flow = made_flow(dit);
  std::vector<double> seconds;  // of a step, or of a call
  if (what == "train") {
    constexpr int per_epoch = 10;
    const lc::LatentTable latents = made_latents(flow, batch * per_epoch);
    lc::TrainState<float> state;
    lc::fit(flow, latents, {.epochs = n + 1, .batch = batch, .learning_rate = 1e-4f}, state);
    for (const lc::EpochReport& epoch : state.history.epochs) seconds.push_back(epoch.seconds / per_epoch);
  } else {
    std::vector<int> codes(lc::to_size(batch));
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = int(i) * 7 % classes;
    lc::Rng rng(3);
    for (int i = 0; i <= n; ++i) {
      const auto start = std::chrono::steady_clock::now();
      flow.generate({.cells = lc::labelled("cell_type", {flow.condition.reader.levels, codes}),
                     .steps = steps,
                     .method = lc::Method::euler,
                     .guidance = 2.0f,
                     .batch = batch},
                    rng);
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  }
  seconds.erase(seconds.begin());
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  std::printf(
      "{\"what\": \"dit_%s\", \"samples_per_s\": %.2f, \"ms\": %.2f, \"best_ms\": %.2f, \"threads\": %d, \"params\": "
      "%lld, \"rss_mb\": %.0f}\n",
      what.c_str(), double(batch) / median, median * 1e3, seconds.front() * 1e3, threads,
      static_cast<long long>(lc::parameter_count(flow)), resident_mb());
  return 0;
}
