// Training from h5ad files that are read while it trains, beside training in memory, and the memory it takes.
//   stream make FILE [--cells 20000] [--genes 2000] [--packing plain|gzip|shuffled]   writes simulated cells
//   stream speed FILE [--memory 64] [--rounds 3]         both in turn: cells a CPU-second and a second on the clock
//   stream memory FILE [--memory 64] [--epochs 1]        one epoch and encode, streamed alone
// The training step is that of `vae nb`: hidden 128, latent 10, batch 128. --memory is of the stream, in MiB. Prints a
// line of JSON.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <time.h>

#include <CLI/CLI.hpp>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/streamed_table.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/h5ad_rows.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/clip.hpp>

#include "memory.hpp"

namespace lc = latentcell;
using lc::Index;
using Model = lc::Vae<float, lc::NegativeBinomial<float>>;

namespace {

struct Settings {
  std::string what, file, packing = "plain";
  Index cells = 20000, genes = 2000, memory = 64, block = 256, batch = 128;
  int rounds = 3, epochs = 1, threads = 1;
};

struct Seconds {
  double cpu = 0, wall = 0;
};

Seconds now() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  return {double(t.tv_sec) + 1e-9 * double(t.tv_nsec), wall};
}

// Counts of genes whose means spread over decades, as real ones do: about 340 non-zeros a cell of 2,000 genes, 2,000 of
// 20,000.
void make(const Settings& s) {
  lc::Rng rng(1);
  lc::CellTable table;
  std::vector<double> sums;
  double sum = 0;
  for (Index g = 0; g < s.genes; ++g) sums.push_back(sum += std::exp(1.9 * rng.normal()));
  table.counts = lc::Counts(s.genes);
  std::vector<int> row(sums.size());
  for (Index i = 0; i < s.cells; ++i) {
    const Index library = Index(double(s.genes) * 0.45 * std::exp(0.35 * rng.normal()));
    for (Index k = 0; k < library; ++k)
      ++row[std::size_t(std::lower_bound(sums.begin(), sums.end() - 1, double(rng.uniform()) * sum) - sums.begin())];
    for (std::size_t g = 0; g < row.size(); ++g) {
      if (row[g] > 0) table.counts.push(std::int32_t(g), float(row[g]));
      row[g] = 0;
    }
    table.counts.end_row();
    table.cell_names.push_back(std::to_string(i));
  }
  for (Index g = 0; g < s.genes; ++g) table.gene_names.push_back("gene_" + std::to_string(g));
  table.cell_columns = lc::Annotation(s.cells);
  table.gene_columns = lc::Annotation(s.genes);
  lc::io::H5adWriteOptions how;
  if (s.packing == "plain") how = {0, false};
  if (s.packing == "gzip") how = {4, false};
  lc::io::write_h5ad(s.file, table, how);
}

// Trains one epoch. -> seconds
template <class Source>
Seconds epoch(Model& vae, Source& source, lc::AdamW<float>& optimizer, lc::Rng& rng) {
  const lc::Params<float> params(vae);
  lc::Tape<float> tape;
  lc::CellBatch batch;
  const Seconds start = now();
  source.begin_epoch(rng);
  while (source.next(batch)) {
    tape.reset(lc::Mode::train, rng.fork());
    tape.backward(vae.loss(tape, batch, 0.5));
    const double factor = lc::clip_factor(lc::gradient_norm(params, tape), 1.0);
    optimizer.step(params, tape, 1e-3f, float(factor));
  }
  const Seconds end = now();
  return {end.cpu - start.cpu, end.wall - start.wall};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const Settings& s) {
  if (s.what == "make") return make(s), 0;
  lc::io::H5adRows file(s.file);
  const lc::CountRows rows(file);
  const lc::StreamOptions stream{.memory = s.memory << 20, .block = s.block};
  lc::Rng rng(1);
  Model vae({.genes = rows.cols(), .hidden = {128}, .latent = 10}, rng);
  lc::AdamW<float> optimizer;
  if (s.what == "memory") {
    const double before = resident_mb();
    vae.initialize_from_data(rows);
    Seconds training;
    Index window = 0;
    {
      lc::StreamedBatches source(rows, {.batch = s.batch}, stream);
      window = source.shape().window;
      for (int i = 0; i < s.epochs; ++i) training = epoch(vae, source, optimizer, rng);
    }
    const double trained = resident_mb();
    const lc::LatentTable latents = lc::encode(vae, rows);
    std::printf(
        "{\"cells\": %ld, \"genes\": %ld, \"memory_mib\": %ld, \"window\": %ld, \"before_mb\": %.0f, "
        "\"trained_mb\": %.0f, \"encoded_mb\": %.0f, \"latents_mb\": %.0f, \"cells_per_cpu_s\": %.0f}\n",
        long(rows.rows()), long(rows.cols()), long(s.memory), long(window), before, trained, resident_mb(),
        double(latents.mean.size() + latents.deviation.size()) * 4e-6, double(rows.rows()) / training.cpu);
    return 0;
  }
  vae.initialize_from_data(rows);
  lc::Counts memory;
  (void)rows.gather(memory);
  lc::CellBatches whole(memory, {.batch = s.batch});
  lc::StreamedBatches streamed(rows, {.batch = s.batch}, stream);
  std::vector<double> cpu[2], wall[2];
  for (int i = 0; i <= s.rounds; ++i) {
    const Seconds a = epoch(vae, whole, optimizer, rng), b = epoch(vae, streamed, optimizer, rng);
    if (i == 0) continue;  // warms up
    cpu[0].push_back(a.cpu), wall[0].push_back(a.wall), cpu[1].push_back(b.cpu), wall[1].push_back(b.wall);
  }
  const double n = double(rows.rows());
  std::printf(
      "{\"file\": \"%s\", \"cells\": %ld, \"genes\": %ld, \"window\": %ld, \"block\": %ld, \"in_memory_cpu\": %.0f, "
      "\"streamed_cpu\": %.0f, \"share_cpu\": %.3f, \"in_memory_wall\": %.0f, \"streamed_wall\": %.0f, "
      "\"share_wall\": %.3f}\n",
      s.file.c_str(), long(rows.rows()), long(rows.cols()), long(streamed.shape().window), long(s.block),
      n / median(cpu[0]), n / median(cpu[1]), median(cpu[0]) / median(cpu[1]), n / median(wall[0]), n / median(wall[1]),
      median(wall[0]) / median(wall[1]));
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  Settings s;
  CLI::App app("Training from h5ad files that are read while it trains.");
  app.add_option("what", s.what)->check(CLI::IsMember({"make", "speed", "memory"}))->required();
  app.add_option("file", s.file)->required();
  app.add_option("--packing", s.packing)->check(CLI::IsMember({"plain", "gzip", "shuffled"}));
  app.add_option("--cells", s.cells);
  app.add_option("--genes", s.genes);
  app.add_option("--memory", s.memory);
  app.add_option("--block", s.block);
  app.add_option("--batch", s.batch);
  app.add_option("--rounds", s.rounds);
  app.add_option("--epochs", s.epochs);
  app.add_option("--threads", s.threads);
  CLI11_PARSE(app, argc, argv);
  lc::set_threads(s.threads);
  return run(s);
} catch (const std::exception& e) {
  std::fprintf(stderr, "stream: %s\n", e.what());
  return 1;
}
