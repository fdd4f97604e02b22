// perturbation_regimes FILE [SEED...]: one group's perturbed cells held out, on simulated cells over a grid of regimes:
// cells, other groups, what of a response the groups share, size of the effects. The model is beside every baseline of
// its own evaluation. FILE takes the rows of each point as it ends; a stopped run resumes. To standard output go the
// lines of benchmarks/results/perturbation_regimes.csv. Few training steps a point, so that the whole grid takes
// minutes: the model is not at its best.

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <latentcell/data/simulate.hpp>
#include <latentcell/perturbation/perturbation.hpp>

namespace lc = latentcell;
namespace lp = latentcell::perturbation;
using lc::Index;

namespace {

const std::vector<std::string> reported{"r", "r_top50", "energy"};

struct Regime {
  Index cells, others;
  double shared, strength;
  std::string group() const { return lc::text(others, others == 1 ? " other group" : " other groups"); }
  std::string sharing() const { return shared == 1 ? "shared" : shared == 0 ? "own" : "half-shared"; }
  std::string name() const {
    return lc::text(cells, " cells, ", group(), ", ", sharing(), ", ", strength < 1 ? "small" : "large", " effects");
  }
};

std::vector<Regime> grid() {
  std::vector<Regime> out;
  for (const Index cells : {300, 1500, 5000}) {
    for (const Index others : {1, 3, 9}) {
      for (const double shared : {1.0, 0.5, 0.0}) {
        for (const double strength : {0.5, 1.5}) {
          // What would take long, or has a handful of cells a group, is left out.
          if (cells == 5000 && (others != 3 || strength < 1)) continue;
          if (cells == 300 && (others == 9 || strength < 1)) continue;
          out.push_back({cells, others, shared, strength});
        }
      }
    }
  }
  return out;
}

// Rows of one regime and seed: method, role and the metrics, averaged over perturbations.
std::string run(const Regime& r, std::uint64_t seed) {
  const std::string held_out = "type_1";
  lc::Rng rng(seed, 77);
  const lc::SimulateOptions tissue{.cells = r.cells,
                                   .genes = 300,
                                   .types = r.others + 1,
                                   .library = 500,
                                   .type_skew = 0,
                                   .perturbations = 2,
                                   .perturbation_strength = r.strength,
                                   .shared_response = r.shared};
  lp::DatasetOptions options{.holdout = {held_out}};
  options.model.group = "cell_type";
  options.model.vae.hidden = {64};
  options.model.vae.latent = options.model.backbone.latent = 10;
  options.model.backbone.width = 64;
  const lp::Dataset data = lp::make_dataset(lc::simulate(tissue, rng), options);
  lp::Model model(data.options, data.vocabulary, rng);
  const int autoencoder = int(600 * 64 / data.train.cells()) + 1, flow = int(800 * 128 * 2 / data.train.cells()) + 1;
  lp::fit(model, data.train, {.autoencoder_epochs = autoencoder, .flow_epochs = flow, .cross_fit = 3, .seed = seed});
  const lc::CellTable control = lp::select_condition(data.train, data.options, "control", {held_out});
  std::map<std::string, std::vector<double>> sum;
  std::map<std::string, std::string> role;
  double scored = 0;
  for (const auto& [key, truth] : data.truth) {
    if (truth.cells() < 4) continue;
    lc::Rng draws(seed, 9), of_evaluation(seed, 31);
    const lc::CellTable predicted = lp::predict(model, control, key.second, {}, draws);
    const lc::evaluate::ScoreTable scores =
        lp::evaluate(model, data.train, {truth, held_out, key.second}, predicted, of_evaluation);
    for (const auto& row : scores.rows()) {
      sum[row.method].resize(reported.size());
      role[row.method] = row.role == lc::evaluate::Role::model      ? "model"
                         : row.role == lc::evaluate::Role::baseline ? "baseline"
                                                                    : "ceiling";
      for (std::size_t m = 0; m < reported.size(); ++m) {
        const double v = scores.value(row.method, reported[m]);
        sum[row.method][m] += std::isfinite(v) ? v : 0.0;  // no change has no correlation
      }
    }
    scored += 1;
  }
  std::string out;
  for (const auto& [method, values] : sum) {
    out += lc::text(r.name(), "\t", seed, "\t", method, "\t", role[method]);
    for (const double v : values) out += lc::text("\t", v / scored);
    out += "\n";
  }
  const lp::ResponseMixture b = model.mixture_choice().mixture;
  std::fprintf(stderr, "%s, seed %d: %s\n", r.name().c_str(), int(seed), lp::describe(model.mixture_choice()).c_str());
  return out + lc::text(r.name(), "\t", seed, "\tmixture\tmixture\t", b.control_weight, "\t", b.strength, "\t",
                        b.similarity, "\n");
}

using Values = std::map<std::uint64_t, std::vector<double>>;  // of each seed
using Methods = std::map<std::string, std::pair<std::string, Values>>;

std::map<std::string, Methods> read(const std::string& path) {
  std::map<std::string, Methods> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> f;
    std::stringstream fields(line);
    for (std::string one; std::getline(fields, one, '\t');) f.push_back(one);
    if (f.size() != 4 + reported.size() || f[3] == "mixture") continue;
    auto& method = out[f[0]][f[2]];
    method.first = f[3];
    for (std::size_t k = 4; k < f.size(); ++k) method.second[std::stoull(f[1])].push_back(std::stod(f[k]));
  }
  return out;
}

struct Mean {
  double value = 0, deviation = 0;  // deviation of the seeds
  explicit Mean(const std::vector<double>& x) {
    for (const double v : x) value += v / double(x.size());
    for (const double v : x) deviation += (v - value) * (v - value);
    deviation = x.size() < 2 ? 0 : std::sqrt(deviation / double(x.size() - 1));
  }
};

std::vector<double> differences(const Values& a, const Values& b, std::size_t metric) {
  std::vector<double> out;
  for (const auto& [seed, values] : a) {
    const auto at = b.find(seed);
    if (at != b.end()) out.push_back((values[metric] - at->second[metric]) * (reported[metric] == "energy" ? -1 : 1));
  }
  return out;
}

void print_row(const std::string& regime, const std::string& task, const std::string& method, const std::string& role,
               const std::string& metric, const Mean& m, const std::string& seeds) {
  std::printf("simulated,%s,\"%s\",%s,%s,%s,%.3f,%.3f,%s\n", task.c_str(), regime.c_str(), method.c_str(), role.c_str(),
              metric.c_str(), m.value, m.deviation, seeds.c_str());
}

// The scores, and for each baseline in how many regimes the model is ahead of it, level, or behind it: by more than two
// standard errors of the difference over seeds.
void print(const std::string& path, const std::string& seeds) {
  const auto regimes = read(path);
  std::printf("# command: perturbation_regimes rows.tsv %s\n", seeds.c_str());
  std::printf("dataset,task,split,method,role,metric,value,deviation,seeds\n");
  std::map<std::pair<std::string, std::size_t>, std::array<int, 3>> count;
  for (const Regime& r : grid()) {
    const auto at = regimes.find(r.name());
    if (at == regimes.end()) continue;
    const Values& own = at->second.at("latentcell").second;
    for (std::size_t metric = 0; metric < reported.size(); ++metric) {
      for (const auto& [method, of] : at->second) {
        std::vector<double> values;
        for (const auto& [seed, v] : of.second) values.push_back(v[metric]);
        print_row(r.name(), "scores", method, of.first, reported[metric], Mean(values), seeds);
        if (of.first != "baseline") continue;
        const std::vector<double> d = differences(own, of.second, metric);
        const Mean mean(d);
        const double error = mean.deviation / std::sqrt(double(d.size()));
        ++count[{method, metric}][mean.value > 2 * error ? 0 : mean.value < -2 * error ? 2 : 1];
      }
    }
  }
  for (const auto& [key, n] : count) {
    const char* names[] = {"ahead", "level", "behind"};
    for (std::size_t k = 0; k < 3; ++k)
      std::printf("simulated,regimes by %s,%s,%s,baseline,%s,%d,,%s\n", reported[key.second].c_str(), names[k],
                  key.first.c_str(), names[k], n[k], seeds.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) lc::throw_invalid("perturbation_regimes FILE [SEED...]");
  const std::string path = argv[1];
  std::vector<std::uint64_t> seeds;
  std::string words;
  for (int k = 2; k < argc; ++k) seeds.push_back(std::stoull(argv[k]));
  if (seeds.empty()) seeds = {0, 1, 2};
  for (const std::uint64_t s : seeds) words += lc::text(words.empty() ? "" : " ", s);
  lc::set_threads(1);
  for (const Regime& r : grid()) {
    for (const std::uint64_t seed : seeds) {
      bool done = false;
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);)
        done = done || line.starts_with(lc::text(r.name(), "\t", seed, "\t"));
      if (!done) std::ofstream(path, std::ios::app) << run(r, seed) << std::flush;
    }
  }
  print(path, words);
} catch (const std::exception& e) {
  std::fprintf(stderr, "perturbation_regimes: %s\n", e.what());
  return 1;
}
