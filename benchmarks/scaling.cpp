// What training on several ranks costs: mpirun -n 2 scaling --genes 20000 --batch 128. Each rank trains a VAE on a
// minibatch of its own a step. Prints one line of JSON, from rank 0: the medians over the steps, the mean over the
// ranks, in CPU-seconds, as ranks may share processors:
//   compute   a step without the sums over ranks
//   sum       the sums, after all ranks have come to them
//   wait      what was spent until all had come
// With --sums it times sums alone, of several lengths. With --simulate P the process is one of P ranks: each sum is
// waited for as long as a network of --latency (us) and --gbit would need, in seconds of the clock.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <thread>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/distributed/run.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace lc = latentcell;
using lc::Index;

namespace {

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}
double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + std::ptrdiff_t(x.size() / 2), x.end());
  return x[x.size() / 2];
}

struct Settings {
  Index genes = 20000, batch = 128, steps = 15, nonzeros = 2000, simulate = 0;
  int hidden = 128;
  double latency = 2, gbit = 100;
  bool sums = false;
};

// A team that says what its sums cost.
struct TimedTeam {
  lc::MpiTeam& team;
  const Settings& s;
  double sum_cpu = 0, wait_cpu = 0, sum_clock = 0;

  Index rank() const { return team.rank(); }
  Index size() const { return team.size(); }
  template <class T>
  void sum(std::span<T> numbers) {
    const double start = cpu_seconds();
    lc::any_rank(team, false);
    const double met = cpu_seconds(), clock = seconds();
    team.sum(numbers);
    if (s.simulate > 0) {
      const double p = double(s.simulate), bytes = double(numbers.size_bytes());
      // Halving and doubling, as MPI does (Rabenseifner; Thakur et al. 2005).
      const double hops = 2 * std::ceil(std::log2(p)), sent = 2 * (p - 1) / p * bytes;
      std::this_thread::sleep_for(std::chrono::duration<double>(hops * s.latency * 1e-6 + sent * 8e-9 / s.gbit));
    }
    sum_cpu += cpu_seconds() - met;
    wait_cpu += met - start;
    sum_clock += seconds() - clock;
  }
};

double over_ranks(lc::MpiTeam& team, double x) {
  team.sum(std::span<double>(&x, 1));
  return x / double(team.size());
}

void time_sums(lc::MpiTeam& team, const Settings& s) {
  for (const std::size_t length : {std::size_t(3), std::size_t(1) << 16, std::size_t(1) << 20, std::size_t(1) << 23}) {
    std::vector<float> numbers(length, 1.0f);
    std::vector<double> cost;
    for (Index i = 0; i < s.steps; ++i) {
      TimedTeam timed{team, s};
      timed.sum(std::span<float>(numbers));
      cost.push_back(timed.sum_cpu);
    }
    const double mean = over_ranks(team, median(cost));
    if (team.rank() == 0)
      std::printf("{\"ranks\": %d, \"numbers\": %zu, \"sum\": %.7f}\n", int(team.size()), length, mean);
  }
}

void time_training(lc::MpiTeam& team, const Settings& s) {
  lc::Rng rng(1);
  const int ranks = int(team.size());
  // A simulated rank gathers its gradients too: of two minibatches.
  const int parts = s.simulate > 0 ? 2 : ranks;
  const Index size = s.simulate > 0 ? s.batch / 2 : s.batch;
  lc::SimulateOptions of{.cells = 2 * s.batch, .genes = s.genes, .library = 1.2 * double(s.nonzeros)};
  const lc::CellTable cells = lc::simulate(of, rng);
  lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = s.genes, .hidden = {s.hidden}, .latent = 10}, rng);
  vae.initialize_from_data(cells.counts);
  TimedTeam timed{team, s};
  const auto loss = [&](lc::Tape<float>& tape, const lc::CellBatch& batch, const lc::StepInfo& at) {
    return std::as_const(vae).loss(tape, batch, at.share());
  };
  // As many epochs of one step as are asked for: of minibatches of this rank and of the others.
  std::vector<Index> rows(lc::to_size(size * parts));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = Index(i) % cells.cells();
  std::vector<double> compute, sum, wait, clock;
  double last = 0, last_clock = 0;
  const auto step = [&](const auto&, const auto&, const lc::StepInfo& at) {
    const double now = cpu_seconds(), now_clock = seconds();
    if (at.step > 1) {
      compute.push_back(now - last - timed.sum_cpu - timed.wait_cpu);
      sum.push_back(timed.sum_cpu);
      wait.push_back(timed.wait_cpu);
      clock.push_back(now_clock - last_clock);
    }
    timed.sum_cpu = timed.wait_cpu = 0;
    last = now, last_clock = now_clock;
  };
  const auto nothing = [](const auto&, const auto&) {};
  lc::TrainState<float> state;
  lc::fit_with(timed, vae, lc::TrainingData{lc::CellBatches(cells, {.batch = size, .rows = rows})}, loss,
               {.epochs = int(s.steps) + 2, .batch = size, .accumulate = parts}, state,
               lc::Hook{nothing, step, [] { return false; }});
  const double means[] = {over_ranks(team, median(compute)), over_ranks(team, median(sum)),
                          over_ranks(team, median(wait)), over_ranks(team, median(clock))};
  if (team.rank() == 0)
    std::printf(
        "{\"ranks\": %d, \"genes\": %ld, \"batch\": %ld, \"parameters\": %ld, \"nonzeros\": %ld, \"simulate\": "
        "%ld, \"gbit\": %g, \"compute\": %.5f, \"sum\": %.5f, \"wait\": %.5f, \"clock\": %.5f}\n",
        ranks, long(s.genes), long(s.batch), long(lc::parameter_count(vae)),
        long(cells.counts.nonzeros() / cells.cells()), long(s.simulate), s.gbit, means[0], means[1], means[2],
        means[3]);
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app("What training on several ranks costs");
  app.add_option("--genes", s.genes);
  app.add_option("--batch", s.batch, "cells of a rank in a step");
  app.add_option("--steps", s.steps);
  app.add_option("--hidden", s.hidden);
  app.add_option("--simulate", s.simulate, "ranks of the network that the process is one of");
  app.add_option("--latency", s.latency, "of a message, in microseconds");
  app.add_option("--gbit", s.gbit, "of a rank's link, each way");
  app.add_flag("--sums", s.sums);
  CLI11_PARSE(app, argc, argv);
  return lc::distributed(argc, argv, [&](lc::MpiTeam& team) {
    s.sums ? time_sums(team, s) : time_training(team, s);
    return 0;
  });
}
