// regimes FILE [WORDS...]: every application, or the regimes with one of the words in their names, on simulated data
// with known answers, over a grid of regimes (cells, genes, groups, shared or own effects, noise), beside every
// baseline of its own evaluation; seeds 0, 1 and 2. FILE takes the scores of each point as it ends; a stopped run
// resumes. To standard output go the lines of benchmarks/results/regimes.csv, to standard error in how many comparisons
// with a baseline the model is ahead, level or behind: by more than two standard errors of the difference over the
// seeds. Few training steps a point, so that the whole grid takes about two hours on one thread: the models are not at
// their best.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include <latentcell/core/threads.hpp>

#include "regimes/augmentation.hpp"
#include "regimes/generation.hpp"
#include "regimes/mapping.hpp"
#include "regimes/multiomics.hpp"
#include "regimes/perturbation.hpp"
#include "regimes/spatial.hpp"
#include "regimes/trajectory.hpp"

namespace {

constexpr std::uint64_t seeds = 3;

std::vector<Regime> all_regimes() {
  std::vector<Regime> out;
  for (const auto& of : {perturbation_regimes(), trajectory_regimes(), multiomics_regimes(), spatial_regimes(),
                         mapping_regimes(), augmentation_regimes(), generation_regimes()})
    out.insert(out.end(), of.begin(), of.end());
  return out;
}

// Larger is better.
double gain(const lc::evaluate::Metric& metric, double value) {
  using lc::evaluate::Better;
  return metric.better == Better::higher  ? value
         : metric.better == Better::lower ? -value
                                          : -std::abs(value - metric.target);
}

// One line a method and metric.
std::string rows_of(const Regime& r, std::uint64_t seed) {
  using lc::evaluate::Role;
  const lc::evaluate::ScoreTable table = r.run(seed);
  std::string out;
  for (const auto& row : table.rows()) {
    if (row.role == Role::model && row.method != "latentcell" && row.method != "generated") continue;  // variants
    const char* role = row.role == Role::model ? "model" : row.role == Role::baseline ? "baseline" : "ceiling";
    for (std::size_t m = 0; m < table.metrics().size(); ++m) {
      const std::string& name = table.metrics()[m].name;
      if (std::find(r.metrics.begin(), r.metrics.end(), name) == r.metrics.end() || !std::isfinite(row.values[m]))
        continue;
      out += lc::text(r.application, "\t", r.name, "\t", seed, "\t",
                      role == std::string("model") ? "latentcell" : row.method, "\t", role, "\t", name, "\t",
                      row.values[m], "\t", gain(table.metrics()[m], row.values[m]), "\n");
    }
  }
  return out;
}

struct Series {
  std::string role;
  std::map<std::string, double> value, gain;  // of each seed
};
using Methods = std::map<std::string, Series>;
// By application, regime and metric.
std::map<std::array<std::string, 3>, Methods> read(const std::string& path) {
  std::map<std::array<std::string, 3>, Methods> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> f;
    std::stringstream fields(line);
    for (std::string one; std::getline(fields, one, '\t');) f.push_back(one);
    if (f.size() != 8) continue;
    Series& to = out[{f[0], f[1], f[5]}][f[3]];
    to.role = f[4];
    to.value[f[2]] = std::stod(f[6]);
    to.gain[f[2]] = std::stod(f[7]);
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

// 0: the model is ahead, 1: level, 2: behind.
std::size_t compare(const Series& model, const Series& baseline) {
  std::vector<double> d;
  for (const auto& [seed, value] : model.gain) {
    if (const auto at = baseline.gain.find(seed); at != baseline.gain.end()) d.push_back(value - at->second);
  }
  const Mean mean(d);
  const double error = mean.deviation / std::sqrt(double(d.size()));
  return mean.value > 2 * error ? 0 : mean.value < -2 * error ? 2 : 1;
}

void print(const std::string& path, const std::vector<Regime>& regimes) {
  const auto scores = read(path);
  std::printf("# command: regimes rows.tsv\ndataset,task,split,method,role,metric,value,deviation,seeds\n");
  std::map<std::array<std::string, 2>, std::array<int, 3>> count;
  for (const Regime& r : regimes) {
    for (const std::string& metric : r.metrics) {
      const auto at = scores.find({r.application, r.name, metric});
      if (at == scores.end() || !at->second.contains("latentcell")) continue;
      const Series& own = at->second.at("latentcell");
      for (const auto& [method, of] : at->second) {
        std::vector<double> values;
        for (const auto& [seed, v] : of.value) values.push_back(v);
        const Mean m(values);
        std::printf("simulated,%s,\"%s\",%s,%s,\"%s\",%.3f,%.3f,0 1 2\n", r.application.c_str(), r.name.c_str(),
                    ("\"" + method + "\"").c_str(), of.role.c_str(), metric.c_str(), m.value, m.deviation);
        if (of.role != "baseline") continue;
        const std::size_t where = compare(own, of);
        ++count[{r.application, metric}][where];
        if (where == 2)
          std::fprintf(stderr, "behind %s in %s: %s, %s\n", method.c_str(), metric.c_str(), r.application.c_str(),
                       r.name.c_str());
      }
    }
  }
  for (const auto& [key, n] : count)
    std::fprintf(stderr, "%s, %s: ahead of a baseline %d, level %d, behind %d\n", key[0].c_str(), key[1].c_str(), n[0],
                 n[1], n[2]);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) lc::throw_invalid("regimes FILE [WORDS...]");
  const std::string path = argv[1];
  std::vector<Regime> regimes = all_regimes();
  const auto chosen = [&](const Regime& r) {
    const std::string name = r.application + ", " + r.name;
    return argc == 2 ||
           std::any_of(argv + 2, argv + argc, [&](const char* word) { return name.find(word) != name.npos; });
  };
  std::erase_if(regimes, [&](const Regime& r) { return !chosen(r); });
  if (regimes.empty()) lc::throw_invalid("regimes: no regime has these words in its name");
  lc::set_threads(1);
  for (const Regime& r : regimes) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      bool done = false;
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);)
        done = done || line.starts_with(lc::text(r.application, "\t", r.name, "\t", seed, "\t"));
      if (!done) std::ofstream(path, std::ios::app) << rows_of(r, seed) << std::flush;
    }
  }
  print(path, regimes);
} catch (const std::exception& e) {
  std::fprintf(stderr, "regimes: %s\n", e.what());
  return 1;
}
