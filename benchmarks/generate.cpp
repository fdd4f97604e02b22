// Cells a CPU-second and memory of generating cells into a folder of files: the program's default model with 25 steps,
// and the same after reflow with 4; where the time goes; how near both come to held-out cells.
//   generate [--genes 2000] [--train 4000] [--cells 20000] [--cells-a-file 50000] [--model FILE] [--few FILE]
//            [--pairs 20000] [--reflow-epochs 60] [--only-steps N] [--out FOLDER] [--threads 1]
// --model and --few keep the trained models from run to run. Prints a line of JSON for each.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/evaluate/evaluator.hpp>
#include <latentcell/generation/fit.hpp>
#include <latentcell/generation/generate_to.hpp>
#include <latentcell/generation/holdout.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/generation/options_for.hpp>
#include <latentcell/latent/reflow.hpp>

#include "memory.hpp"

namespace lc = latentcell;
namespace gen = lc::generation;
using lc::Index;

namespace {

struct Settings {
  Index genes = 2000, train = 4000, cells = 20000, cells_a_file = 50000, pairs = 20000, only_steps = 0;
  int reflow_epochs = 60, threads = 1;
  std::string model, few, out;
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
  gen::Model m(gen::options_for(train), rng);
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

// W2 to held-out cells, a mean over sets of cells.
double w2_of(lc::evaluate::Evaluator& judge, const gen::Model& m, const gen::GenerateOptions& how) {
  constexpr int sets = 6;
  double sum = 0;
  for (int i = 0; i < sets; ++i) {
    lc::Rng rng(std::uint64_t(40 + i));
    const lc::CellTable cells = gen::generate(m, 4000, how, rng);
    sum += judge.score_cells(cells, m.options.label, lc::evaluate::MetricSet::points).w2;
  }
  return sum / sets;
}

void report(const Settings& s, const char* name, const gen::Model& m, const gen::GenerateOptions& how, double w2) {
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
      "\"us_a_cell\": {\"flow\": %.1f, \"counts\": %.1f, \"file\": %.1f}, \"nonzeros\": %.0f, \"w2\": %.4f}\n",
      name, long(s.genes), long(s.cells), long(how.steps), double(s.cells) / all, peak, 1e6 * flow / n,
      1e6 * decode / n, 1e6 * write / n, double(counts.counts.view().nonzeros()) / n, w2);
  std::fflush(stdout);
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app("Cells a CPU-second and memory of generating cells into a folder of files.");
  app.add_option("--genes", s.genes);
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
    const lc::CellTable all = lc::simulate({.cells = 2 * s.train, .genes = s.genes, .library = 1500}, rng);
    gen::HeldOutCells parts = gen::hold_out(all, "cell_type", 0.5, rng);
    train = std::move(parts.train);
    held_out = std::move(parts.test);
  }
  const gen::Model m = trained(s, train);
  if (s.only_steps > 0) {
    report(s, "memory", m, {.steps = s.only_steps}, 0);
    return 0;
  }
  lc::evaluate::Evaluator judge(train, held_out, "cell_type");
  const gen::GenerateOptions many{}, few{.steps = 4, .guidance = 1};
  report(s, "25 steps", m, many, w2_of(judge, m, many));
  const gen::GenerateOptions hasty{.steps = 4};
  report(s, "4 steps of the same flow", m, hasty, w2_of(judge, m, hasty));
  const gen::Model student = reflowed(s, m, train, double(many.guidance));
  report(s, "4 steps after reflow", student, few, w2_of(judge, student, few));
  return 0;
}
