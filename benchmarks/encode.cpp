// Rate at which a trained encoder turns made cells into latents, the whole table at once.
//   encode [--cells 10000] [--genes 5000] [--hidden 512 256] [--latent 64] [--threads 2] [--n 5]
// Prints one line of JSON: cells/s of the median and of the best round, memory.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include <CLI/CLI.hpp>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/latent/encode.hpp>

#include "memory.hpp"

namespace lc = latentcell;
using lc::Index;

int main(int argc, char** argv) try {
  Index cells = 10000, genes = 5000, latent = 64;
  std::vector<Index> hidden = {512, 256};
  double nonzeros = 0.07;
  int threads = 2, n = 5;
  CLI::App app("Times the encoding of a table of cells.");
  app.add_option("--cells", cells)->capture_default_str();
  app.add_option("--genes", genes)->capture_default_str();
  app.add_option("--hidden", hidden)->capture_default_str();
  app.add_option("--latent", latent)->capture_default_str();
  app.add_option("--nonzeros", nonzeros, "share of the counts that are not 0")->capture_default_str();
  app.add_option("--threads", threads)->capture_default_str();
  app.add_option("--n", n, "rounds")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  lc::set_threads(threads);
  lc::Rng rng(1);
  lc::CellTable table;
  table.counts = lc::Counts(genes);
  for (Index b = 0; b < cells; ++b) {
    for (Index g = 0; g < genes; ++g) {
      if (rng.uniform() < float(nonzeros)) table.counts.push(std::int32_t(g), float(1 + rng() % 5));
    }
    table.counts.end_row();
  }
  const lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = genes, .hidden = hidden, .latent = latent}, rng);
  std::vector<double> seconds;
  float sum = lc::encode(vae, table).mean.sum();  // warms up
  for (int i = 0; i < n; ++i) {
    const auto start = std::chrono::steady_clock::now();
    sum += lc::encode(vae, table).mean.sum();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf(
      "{\"cells\": %ld, \"genes\": %ld, \"threads\": %d, \"cells_per_s\": %.0f, \"best_cells_per_s\": %.0f, "
      "\"rss_mb\": %.0f, \"sum\": %g}\n",
      long(cells), long(genes), threads, double(cells) / seconds[seconds.size() / 2], double(cells) / seconds.front(),
      resident_mb(), double(sum));
} catch (const std::exception& e) {
  std::fprintf(stderr, "encode: %s\n", e.what());
  return 1;
}
