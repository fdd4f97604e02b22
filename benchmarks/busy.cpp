// Runs small jobs on one thread and on all, alone and beside a busy process for each processor but one, and prints wall
// and processor seconds: what waking threads costs where there is little for each to do. Each run is a process of its
// own; the kinds of runs alternate, and the medians are printed.
//   busy [--runs 5] [--grain ELEMENTS]

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <latentcell/latentcell.hpp>

namespace lc = latentcell;

namespace {

struct Cost {
  double wall = 0, processor = 0;
};

// The program of the README, and the same with more cells and a wider transformer.
void two_stages(lc::Index cells, lc::Index genes, lc::Index width, int epochs) {
  lc::Rng rng(7);
  const lc::CellTable table = lc::simulate({.cells = cells, .genes = genes}, rng);
  lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = genes, .hidden = {2 * width}, .latent = 8}, rng);
  lc::fit(vae, table, {.epochs = epochs});
  const lc::LatentTable latents = lc::encode(vae, table);
  const lc::Categorical types = table.obs("cell_type");
  lc::LatentFlow flow(lc::RectifiedFlow{},
                      lc::Dit<float>({.latent = 8, .tokens = 4, .width = width, .depth = 2, .condition = width}, rng),
                      lc::from_obs("cell_type", types.levels,
                                   lc::CategoricalCovariate<float>(lc::Index(types.levels.size()), width, rng)));
  lc::fit(flow, latents, {.epochs = epochs});
  const lc::LatentTable z =
      flow.generate({.count = 100, .condition = {{"cell_type", types.levels[0]}}, .steps = 25}, rng);
  if (lc::draw(vae, z, rng).cells() != 100) std::exit(1);
}

Cost run(const std::function<void()>& job, int threads) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    lc::set_threads(threads);
    job();
    std::_Exit(0);
  }
  int status = 0;
  rusage used = {};
  wait4(child, &status, 0, &used);
  if (status != 0) std::exit(1);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          seconds(used.ru_utime) + seconds(used.ru_stime)};
}

// Processes that do nothing but take time, until the end of the scope.
struct Busy {
  std::vector<pid_t> children;
  explicit Busy(int n) {
    for (int i = 0; i < n; ++i) {
      children.push_back(fork());
      if (children.back() == 0) {
        for (std::atomic<unsigned> turn{0};; ++turn) continue;
      }
    }
  }
  ~Busy() {
    for (const pid_t child : children) kill(child, SIGKILL), waitpid(child, nullptr, 0);
  }
};

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Small jobs on one thread and on all, alone and beside busy processes");
  int runs = 5;
  lc::Index grain = 0;
  app.add_option("--runs", runs, "runs of each kind")->check(CLI::PositiveNumber);
  app.add_option("--grain", grain, "elements of work that are worth a thread; 0: the default");
  CLI11_PARSE(app, argc, argv);
  lc::set_thread_grain(grain);
  const int all = std::max(2, int(std::thread::hardware_concurrency()));
  const std::pair<const char*, std::function<void()>> jobs[] = {
      {"program of the README", [] { two_stages(500, 300, 32, 5); }},
      {"2,000 genes, DiT of width 64", [] { two_stages(1000, 2000, 64, 3); }},
      {"2,000 genes, DiT of width 256", [] { two_stages(1000, 2000, 256, 2); }},
  };
  std::printf("grain %lld, medians of %d runs, in seconds\n", static_cast<long long>(lc::thread_grain()), runs);
  std::printf("%-32s %-14s %9s %9s %9s %9s %9s %9s\n", "job", "machine", "wall 1", "wall all", "ratio", "cpu 1",
              "cpu all", "ratio");
  for (const auto& [name, job] : jobs) {
    for (const bool busy : {false, true}) {
      const Busy beside(busy ? all - 1 : 0);
      std::vector<double> wall[2], processor[2];
      for (int i = 0; i < runs; ++i) {
        for (const int kind : {0, 1}) {
          const Cost cost = run(job, kind == 0 ? 1 : all);
          wall[kind].push_back(cost.wall), processor[kind].push_back(cost.processor);
        }
      }
      std::printf("%-32s %-14s %9.2f %9.2f %9.2f %9.2f %9.2f %9.2f\n", name, busy ? "busy" : "alone", median(wall[0]),
                  median(wall[1]), median(wall[1]) / median(wall[0]), median(processor[0]), median(processor[1]),
                  median(processor[1]) / median(processor[0]));
    }
  }
  return 0;
}
