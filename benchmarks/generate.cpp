// Cells a CPU-second and memory of generating cells into a folder of files: the program's default model with 25 steps,
// and the same after reflow with 4; where the time goes; how near both come to held-out cells.
//   generate [--data FILE --label cell_type] [--genes 2000] [--train 4000] [--cells 20000] [--only-steps N]
// --model and --few keep the trained models from run to run. Prints a line of JSON for each.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/evaluate/evaluator.hpp>
#include <latentcell/generation/fit.hpp>
#include <latentcell/generation/generate_to.hpp>
#include <latentcell/generation/holdout.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/generation/options_for.hpp>
#include <latentcell/io/read_cells.hpp>
#include <latentcell/latent/reflow.hpp>

#include "memory.hpp"

namespace lc = latentcell;
namespace gen = lc::generation;
using lc::Index;

namespace {

struct Settings {
  Index genes = 2000, train = 4000, cells = 20000, cells_a_file = 50000, pairs = 20000, only_steps = 0;
  int reflow_epochs = 60, threads = 1;
  std::string model, few, out, data, label = "cell_type";
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class F>
double time_of(const F& f) {
  const double start = cpu_seconds();
  f();
  return cpu_seconds() - start;
}

gen::Model trained(const Settings& s, const lc::CellTable& train) {
  if (!s.model.empty() && std::filesystem::exists(s.model)) return gen::load(s.model);
  lc::Rng rng(2);
  gen::Options o;
  o.label = s.label;
  gen::Model m(gen::options_for(train, o), rng);
  gen::fit(m, train);
  if (!s.model.empty()) gen::save(s.model, m);
  return m;
}

// The same model with a flow of straight paths, guidance included.
gen::Model reflowed(const Settings& s, const gen::Model& m, const lc::CellTable& train, double guidance) {
  if (!s.few.empty() && std::filesystem::exists(s.few)) return gen::load(s.few);
  lc::Rng rng(3);
  gen::Model out = m;
  const lc::TeacherPaths paths = lc::teacher_paths(
      m.flow, train.cell_columns, {.pairs = s.pairs, .how = {.steps = 25, .guidance = float(guidance)}}, rng);
  lc::fit_paths(out.flow, paths, lc::TeacherTimes::all,
                {.epochs = s.reflow_epochs, .batch = 128, .learning_rate = 5e-4f, .ema = 0.999f});
  if (!s.few.empty()) gen::save(s.few, out);
  return out;
}

// How near to held-out cells: means over sets of cells.
struct Nearness {
  double w2 = 0, energy = 0;
};

Nearness nearness_of(lc::evaluate::Evaluator& judge, const gen::Model& m, const gen::GenerateOptions& how) {
  constexpr int sets = 8;
  Nearness out;
  for (int i = 0; i < sets; ++i) {
    lc::Rng rng(std::uint64_t(40 + i));
    const lc::CellTable cells = gen::generate(m, 4000, how, rng);
    const lc::evaluate::GenerationScores scores =
        judge.score_cells(cells, m.options.label, lc::evaluate::MetricSet::points);
    out.w2 += scores.w2 / sets;
    out.energy += scores.energy / sets;
  }
  return out;
}

void report(const Settings& s, const char* name, const gen::Model& m, const gen::GenerateOptions& how,
            const Nearness& near) {
  const gen::CompositionSampler wanted(gen::training_composition(m), {.count = s.cells}, lc::Rng(5));
  const std::string folder = s.out.empty() ? "generate_benchmark" : s.out;
  std::filesystem::remove_all(folder);
  const double all =
      time_of([&] { gen::generate_to(m, wanted, folder, {.how = how, .cells_a_file = s.cells_a_file}, lc::Rng(6)); });
  const double peak = resident_mb();
  // The parts on their own, on fewer cells.
  gen::CompositionSampler part = wanted;
  const gen::Composition of = part.next(std::min<Index>(s.cells, 5000));
  const double n = double(of.label.size());
  lc::Rng rng(7);
  lc::LatentTable z;
  lc::CellTable counts;
  const double flow = time_of([&] {
    z = m.flow.generate({.cells = lc::labelled(m.options.label, {m.options.levels, of.label}),
                         .steps = how.steps,
                         .guidance = how.guidance},
                        rng);
  });
  const double decode = time_of([&] { counts = gen::sample_counts(m, z, rng, of.batch_covariate); });
  const double write = time_of([&] { lc::io::write_h5ad(folder + "/cells_0000.h5ad", counts); });
  std::printf(
      "{\"what\": \"%s\", \"genes\": %ld, \"cells\": %ld, \"steps\": %ld, \"cells_per_cpu_s\": %.1f, \"peak_mb\": "
      "%.0f, "
      "\"us_a_cell\": {\"flow\": %.1f, \"counts\": %.1f, \"file\": %.1f}, \"nonzeros\": %.0f, \"w2\": %.4f, "
      "\"energy\": %.4f}\n",
      name, long(s.genes), long(s.cells), long(how.steps), double(s.cells) / all, peak, 1e6 * flow / n,
      1e6 * decode / n, 1e6 * write / n, double(counts.counts.view().nonzeros()) / n, near.w2, near.energy);
  std::fflush(stdout);
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app("Cells a CPU-second and memory of generating cells into a folder of files.");
  app.add_option("--data", s.data, "cells to train on and to compare with, in place of simulated ones");
  app.add_option("--label", s.label);
  app.add_option("--genes", s.genes, "the most variable ones of --data, or those simulated");
  app.add_option("--train", s.train);
  app.add_option("--cells", s.cells);
  app.add_option("--cells-a-file", s.cells_a_file);
  app.add_option("--model", s.model);
  app.add_option("--few", s.few);
  app.add_option("--pairs", s.pairs);
  app.add_option("--reflow-epochs", s.reflow_epochs);
  app.add_option("--only-steps", s.only_steps, "generate with so many steps and end: for the memory alone");
  app.add_option("--out", s.out);
  app.add_option("--threads", s.threads);
  CLI11_PARSE(app, argc, argv);
  lc::set_threads(s.threads);
  lc::Rng rng(1);
  lc::CellTable train, held_out;
  {
    lc::CellTable all = s.data.empty() ? lc::simulate({.cells = 2 * s.train, .genes = s.genes, .library = 1500}, rng)
                                       : lc::io::read_cells(s.data);
    if (s.genes < all.genes()) all = all.select_genes(lc::highly_variable(all.counts, {.genes = s.genes}).genes);
    gen::HeldOutCells parts = gen::hold_out(all, s.label, 0.5, rng);
    train = std::move(parts.train);
    held_out = std::move(parts.test);
  }
  const gen::Model m = trained(s, train);
  if (s.only_steps > 0) {
    report(s, "memory", m, {.steps = s.only_steps}, {});
    return 0;
  }
  lc::evaluate::Evaluator judge(train, held_out, s.label);
  lc::evaluate::GenerationScores ceiling;
  judge.score_ceiling(held_out, lc::evaluate::MetricSet::points, ceiling);
  std::printf("{\"what\": \"held-out real cells\", \"w2\": %.4f, \"energy\": %.4f}\n", ceiling.w2, ceiling.energy);
  const gen::GenerateOptions many{}, few{.steps = 4, .guidance = 1};
  report(s, "25 steps", m, many, nearness_of(judge, m, many));
  const gen::GenerateOptions hasty{.steps = 4};
  report(s, "4 steps of the same flow", m, hasty, nearness_of(judge, m, hasty));
  const gen::Model student = reflowed(s, m, train, double(many.guidance));
  report(s, "4 steps after reflow", student, few, nearness_of(judge, student, few));
  return 0;
}
