// Time of a training step of a count autoencoder, and of decoding latents to counts, on made cells: what
// benchmarks/README.md compares with PyTorch and scvi-tools.
//   vae nb|zinb|decode [--genes 20000] [--hidden 128] [--latent 10] [--batch 128] [--threads 2] [--n 20]
// Prints one line of JSON: cells/s, milliseconds a step, memory.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/core/version.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/clip.hpp>
#include <latentcell/latent/sample_counts.hpp>

#include "memory.hpp"

namespace lc = latentcell;
using lc::Index;

namespace {

struct Settings {
  std::string what = "nb";
  Index genes = 20000, latent = 10, batch = 128, cells = 2048;
  std::vector<Index> hidden = {128};
  double nonzeros = 0.07;
  int threads = 2, n = 20;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

lc::Counts made_counts(const Settings& s, lc::Rng& rng) {
  lc::Counts counts(s.genes);
  for (Index b = 0; b < s.cells; ++b) {
    for (Index g = 0; g < s.genes; ++g) {
      if (rng.uniform() < float(s.nonzeros)) counts.push(std::int32_t(g), float(1 + rng() % 5));
    }
    counts.end_row();
  }
  return counts;
}

// Median and best of the steps; memory beyond what was there before the model.
template <class Step>
void report(const Settings& s, Index cells_a_step, double before_mb, Step&& step) {
  for (int i = 0; i < 3; ++i) step();
  std::vector<double> seconds;
  for (int i = 0; i < s.n; ++i) {
    const double start = now();
    step();
    seconds.push_back(now() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  std::printf(
      "{\"what\": \"%s\", \"genes\": %ld, \"batch\": %ld, \"cells_per_s\": %.1f, \"ms\": %.3f, \"best_ms\": %.3f, "
      "\"threads\": %d, \"rss_mb\": %.0f, \"model_mb\": %.0f}\n",
      s.what.c_str(), long(s.genes), long(cells_a_step), double(cells_a_step) / median, median * 1e3,
      seconds.front() * 1e3, s.threads, resident_mb(), resident_mb() - before_mb);
}

template <class Likelihood>
void train(const Settings& s) {
  lc::Rng rng(1);
  const lc::Counts counts = made_counts(s, rng);
  const double before = resident_mb();
  lc::Vae<float, Likelihood> vae({.genes = s.genes, .hidden = s.hidden, .latent = s.latent}, rng);
  vae.initialize_from_data(counts);
  lc::CellBatches source(counts, {.batch = s.batch});
  const lc::Params<float> params(vae);
  lc::AdamW<float> optimizer;
  lc::Tape<float> tape;
  lc::CellBatch batch;
  report(s, s.batch, before, [&] {
    if (!source.next(batch)) {
      source.begin_epoch(rng);
      source.next(batch);
    }
    tape.reset(lc::Mode::train, rng.fork());
    tape.backward(vae.loss(tape, batch, 0.5));
    const double factor = lc::clip_factor(lc::gradient_norm(params, tape), 1.0);
    optimizer.step(params, tape, 1e-3f, float(factor));
  });
}

void decode(const Settings& s) {
  lc::Rng rng(1);
  const double before = resident_mb();
  lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = s.genes, .hidden = s.hidden, .latent = s.latent}, rng);
  lc::LatentTable z;
  z.mean = lc::Matrix<float>(s.batch, s.latent);
  for (Index i = 0; i < z.mean.size(); ++i) z.mean.data()[i] = float(rng.normal());
  z.deviation = lc::Matrix<float>::Zero(s.batch, s.latent);
  z.library.assign(lc::to_size(s.batch), 5000.0f);
  for (Index g = 0; g < s.genes; ++g) vae.likelihood.log_theta.value(0, g) = float(rng.normal());
  report(s, s.batch, before, [&] { (void)lc::draw(vae, z, rng); });
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app("Time of a training step of a count autoencoder, or of decoding latents to counts.");
  app.add_option("what", s.what)->check(CLI::IsMember({"nb", "zinb", "decode"}))->required();
  app.add_option("--genes", s.genes);
  app.add_option("--hidden", s.hidden);
  app.add_option("--latent", s.latent);
  app.add_option("--batch", s.batch);
  app.add_option("--cells", s.cells);
  app.add_option("--threads", s.threads);
  app.add_option("--n", s.n);
  CLI11_PARSE(app, argc, argv);
  lc::set_threads(s.threads);
  if (s.what == "decode") {
    decode(s);
  } else if (s.what == "nb") {
    train<lc::NegativeBinomial<float>>(s);
  } else {
    train<lc::ZeroInflatedNegativeBinomial<float>>(s);
  }
  return 0;
}
