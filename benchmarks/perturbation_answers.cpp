// perturbation_answers dose|genes|combinations FILE [SEED...]: perturbations without training cells, on simulated cells
// whose truth is simulated, with baselines beside the model. FILE takes the rows of each seed as it ends; a stopped run
// resumes. The table goes to standard output, in Markdown: means over the seeds, and in brackets
// the standard deviation of the seeds' means.

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/metric/perturbation_effect.hpp>
#include <latentcell/perturbation/fit.hpp>
#include <latentcell/perturbation/predict.hpp>

namespace lc = latentcell;
using lc::Index;

namespace {

using Numbers = std::vector<double>;

struct Treated {
  std::string condition;
  double dose;
  std::string kind = "";  // its name in the table, where it is evaluated
};

// Training cells and queries.
struct Task {
  lc::SimulateOptions tissue{.genes = 500, .types = 4, .library = 500, .type_skew = 0};
  std::vector<Treated> trained, queries;
  Index cells = 0;        // of each trained condition
  bool embedded = false;  // the model is given the embeddings
};

Task task_of(const std::string& name) {
  Task t;
  const auto gene = [](Index p) { return lc::text("gene_", p + 1); };
  if (name == "dose") {
    t.tissue.perturbations = 3;
    t.tissue.doses = true;
    t.cells = 80;
    for (Index p = 0; p < 3; ++p) {
      for (const double dose : {0.1, 0.2, 0.3, 0.4, 0.8, 0.9, 1.0}) t.trained.push_back({gene(p), dose});
      t.queries.push_back({gene(p), 0.6, "dose 0.6, between"});
      t.queries.push_back({gene(p), 1.5, "dose 1.5, beyond"});
      t.queries.push_back({gene(p), 2.0, "dose 2, beyond"});
    }
  } else if (name == "genes") {
    t.tissue.perturbations = 20;
    t.cells = 120;
    t.embedded = true;
    for (Index p = 0; p < 16; ++p) t.trained.push_back({gene(p), 1});
    for (Index p = 16; p < 20; ++p) t.queries.push_back({gene(p), 1, "unseen gene"});
  } else if (name == "combinations") {
    t.tissue.perturbations = 6;
    t.cells = 160;
    for (Index p = 0; p < 6; ++p) t.trained.push_back({gene(p), 1});
    for (Index p = 0, k = 0; p < 6; ++p) {
      for (Index q = p + 1; q < 6; ++q, ++k) {
        Treated both{gene(p) + "+" + gene(q), 1};
        if (k % 3 == 1) {
          both.kind = "unseen combination";
          t.queries.push_back(both);
        } else {
          t.trained.push_back(both);
        }
      }
    }
  } else {
    lc::throw_invalid("'", name, "' is neither dose nor genes nor combinations");
  }
  return t;
}

// Means of log1p(CP10K) of each type's cells.
struct Levels {
  std::vector<lc::metric::GeneMoments> of;  // (types)
  std::vector<Index> cells;

  Levels(const lc::CellTable& table, Index types) {
    const lc::Counts logs = lc::log_normalize(table.counts);
    const lc::Categorical type = table.obs("cell_type");
    for (Index t = 0; t < types; ++t) {
      std::vector<Index> rows;
      for (Index i = 0; i < table.cells(); ++i) {
        if (type.levels[std::size_t(type.codes[lc::to_size(i)])] == lc::text("type_", t + 1)) rows.push_back(i);
      }
      of.push_back(lc::metric::gene_moments(lc::select_rows(logs, rows)));
      cells.push_back(Index(rows.size()));
    }
  }
};

// Shifts of the training cells, of which baselines are sums.
struct Shifts {
  std::vector<Numbers> control;          // (types, G)
  std::vector<Treated> trained;          // (S)
  std::vector<std::vector<Numbers>> of;  // (S, types, G)
  Index types() const { return Index(control.size()); }
  std::size_t genes() const { return control[0].size(); }

  Numbers sum(std::size_t type, const Numbers& weights) const {  // weights (S)
    Numbers out(genes(), 0.0);
    for (std::size_t s = 0; s < trained.size(); ++s) {
      for (std::size_t g = 0; g < out.size() && weights[s] != 0; ++g) out[g] += weights[s] * of[s][type][g];
    }
    return out;
  }
  Numbers mean_over_types(const Numbers& weights) const {
    Numbers out(genes(), 0.0);
    for (std::size_t t = 0; t < control.size(); ++t) {
      const Numbers one = sum(t, weights);
      for (std::size_t g = 0; g < out.size(); ++g) out[g] += one[g] / double(control.size());
    }
    return out;
  }
};

// Baselines of a task: a weight of each trained shift.
std::map<std::string, Numbers> baselines(const std::string& task, const Shifts& s, const Treated& query,
                                         const lc::Matrix<double>& embedding) {
  const std::size_t n = s.trained.size();
  std::map<std::string, Numbers> out{{"no change", Numbers(n, 0.0)}};
  const auto row = [&](const std::string& gene) { return embedding.row(std::stol(gene.substr(5)) - 1); };
  if (task == "dose") {
    Numbers line(n, 0.0), nearest(n, 0.0);
    double squares = 0;
    std::size_t best = n;
    for (std::size_t k = 0; k < n; ++k) {
      if (s.trained[k].condition != query.condition) continue;
      line[k] = s.trained[k].dose * query.dose;
      squares += s.trained[k].dose * s.trained[k].dose;
      if (best == n || std::abs(s.trained[k].dose - query.dose) < std::abs(s.trained[best].dose - query.dose)) best = k;
    }
    for (double& w : line) w /= squares;
    nearest[best] = 1;
    out["shift of the nearest dose"] = nearest;
    out["line through the doses"] = line;
  } else if (task == "genes") {
    Numbers nearest(n, 0.0), linear(n, 0.0);
    std::size_t best = 0;
    lc::Matrix<double> gram(embedding.cols(), embedding.cols()), weights(embedding.cols(), 1);
    gram.setIdentity();
    gram *= 1e-3;
    weights = row(query.condition).transpose();
    for (std::size_t k = 0; k < n; ++k) {
      const lc::Matrix<double> e = row(s.trained[k].condition);
      for (Index i = 0; i < e.cols(); ++i) {
        for (Index j = 0; j < e.cols(); ++j) gram(i, j) += e(0, i) * e(0, j);
      }
      if ((e - row(query.condition)).squaredNorm() <
          (row(s.trained[best].condition) - row(query.condition)).squaredNorm())
        best = k;
    }
    lc::kernel::cholesky_solve(gram, weights);
    for (std::size_t k = 0; k < n; ++k) linear[k] = row(s.trained[k].condition).dot(weights.col(0).transpose());
    nearest[best] = 1;
    out["mean of the trained"] = Numbers(n, 1.0 / double(n));
    out["nearest gene's shift"] = nearest;
    out["linear in the embeddings"] = linear;
  } else {
    Numbers additive(n, 0.0), stronger(n, 0.0);
    const std::size_t at = query.condition.find('+');
    for (std::size_t k = 0; k < n; ++k) {
      if (s.trained[k].condition == query.condition.substr(0, at) ||
          s.trained[k].condition == query.condition.substr(at + 1))
        additive[k] = 1, stronger[k] = 0.5;
    }
    out["mean of the two"] = stronger;
    out["additive"] = additive;
  }
  return out;
}

lc::perturbation::Model trained(const Task& t, const lc::CellTable& train, const lc::Matrix<float>& embedding,
                                std::uint64_t seed) {
  lc::perturbation::Options o;
  lc::perturbation::Vocabulary v;
  o.group = "cell_type";
  for (Index p = 0; p < t.tissue.perturbations; ++p) v.single_perturbations.push_back(lc::text("gene_", p + 1));
  for (const Treated& s : t.trained) {
    if (std::count(v.trained_conditions.begin(), v.trained_conditions.end(), s.condition) == 0)
      v.trained_conditions.push_back(s.condition);
  }
  if (t.tissue.doses) o.dose = "dose";
  o.vae.genes = train.genes();
  lc::Rng rng(seed, 1);
  lc::perturbation::Model m(o, v, t.embedded ? embedding : lc::Matrix<float>(), rng);
  lc::perturbation::fit(m, train, {.cross_fit = 0, .seed = seed});
  return m;
}

// Rows of one seed: kind, method and the metrics of each type and perturbation asked for, averaged.
void run(const std::string& name, std::uint64_t seed, std::FILE* file) {
  const Task t = task_of(name);
  lc::Rng rng(seed, 77);
  const lc::SimulatedTissue tissue(t.tissue, rng);
  const Index types = t.tissue.types, many = 4000;
  lc::CellTable train = tissue.draw_under("control", 0, 1200, rng);
  const lc::CellTable control = train;
  const Levels own(control, types), fresh(tissue.draw_under("control", 0, many, rng), types);
  Shifts shifts;
  shifts.trained = t.trained;
  for (const auto& m : own.of) shifts.control.push_back(m.mean);
  for (const Treated& s : t.trained) {
    const lc::CellTable cells = tissue.draw_under(s.condition, s.dose, t.cells, rng);
    const Levels to(cells, types);
    std::vector<Numbers> by;
    for (std::size_t k = 0; k < std::size_t(types); ++k) {
      Numbers d = to.of[k].mean;
      for (std::size_t g = 0; g < d.size(); ++g) d[g] -= own.of[k].mean[g];
      by.push_back(d);
    }
    shifts.of.push_back(by);
    lc::append_cells(train, cells);
  }
  const lc::Matrix<double>& embedding = tissue.perturbation_embedding();
  const lc::perturbation::Model m = trained(t, train, embedding.cast<float>(), seed);
  std::map<std::pair<std::string, std::string>, std::vector<Numbers>> scores;
  for (const Treated& w : t.queries) {
    const Levels truth(tissue.draw_under(w.condition, w.dose, many, rng), types);
    const auto add_score = [&](const std::string& method, std::size_t k, const lc::metric::GeneMoments& predicted) {
      const auto e =
          lc::metric::perturbation_effect(fresh.of[k], fresh.cells[k], truth.of[k], truth.cells[k], predicted);
      double error = 0, change = 0;
      for (std::size_t g = 0; g < predicted.mean.size(); ++g) {
        error += (predicted.mean[g] - truth.of[k].mean[g]) * (predicted.mean[g] - truth.of[k].mean[g]);
        change += (fresh.of[k].mean[g] - truth.of[k].mean[g]) * (fresh.of[k].mean[g] - truth.of[k].mean[g]);
      }
      scores[{w.kind, method}].push_back({e.r, e.r_top50, e.r2_mean_top20, std::sqrt(error / change)});
    };
    const auto add_cells = [&](const std::string& method, const lc::CellTable& cells) {
      const Levels predicted(cells, types);
      for (std::size_t k = 0; k < std::size_t(types); ++k) add_score(method, k, predicted.of[k]);
    };
    lc::Rng draws(seed, 9);
    add_cells("flow alone", lc::perturbation::predict_with_flow(m, control, w.condition, {.dose = w.dose}, draws));
    add_cells("latentcell", lc::perturbation::predict(m, control, w.condition, {.dose = w.dose}, draws));
    if (name == "dose")
      add_cells("largest dose, scaled",
                lc::perturbation::predict_sum(m, control, {{w.condition, w.dose}}, w.condition, {.dose = 1.0}, draws));
    for (const auto& [method, weights] : baselines(name, shifts, w, embedding)) {
      const Numbers mean = shifts.mean_over_types(weights);
      for (std::size_t k = 0; k < std::size_t(types); ++k) {
        lc::metric::GeneMoments predicted = own.of[k];
        const Numbers by = shifts.sum(k, weights);
        for (std::size_t g = 0; g < by.size(); ++g) predicted.mean[g] += by[g];
        add_score(method, k, predicted);
        if (method == "no change") continue;
        predicted = own.of[k];
        for (std::size_t g = 0; g < by.size(); ++g) predicted.mean[g] += mean[g];
        add_score(method + ", mean of types", k, predicted);
      }
    }
  }
  for (const auto& [key, all] : scores) {
    Numbers mean(all[0].size(), 0.0);
    for (const Numbers& one : all) {
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += one[k] / double(all.size());
    }
    std::fprintf(file, "%s\t%llu\t%s\t%s", name.c_str(), static_cast<unsigned long long>(seed), key.first.c_str(),
                 key.second.c_str());
    for (const double v : mean) std::fprintf(file, "\t%.5f", v);
    std::fprintf(file, "\n");
  }
}

void print(const std::string& name, const std::string& path, const std::vector<std::uint64_t>& seeds) {
  std::map<std::pair<std::string, std::string>, std::vector<Numbers>> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> f;
    std::stringstream fields(line);
    for (std::string one; std::getline(fields, one, '\t');) f.push_back(one);
    if (f.size() != 8 || f[0] != name || std::count(seeds.begin(), seeds.end(), std::stoull(f[1])) == 0) continue;
    Numbers v;
    for (std::size_t k = 4; k < f.size(); ++k) v.push_back(std::stod(f[k]));
    rows[{f[2], f[3]}].push_back(v);
  }
  std::printf("| asked for | method | r | r of the 50 | R2 of 20 means | error |\n|---|---|---|---|---|---|\n");
  for (const auto& [key, values] : rows) {
    std::printf("| %s | %s", key.first.c_str(), key.second.c_str());
    for (std::size_t k = 0; k < values[0].size(); ++k) {
      double mean = 0, square = 0;
      for (const Numbers& v : values) mean += v[k] / double(values.size());
      for (const Numbers& v : values) square += (v[k] - mean) * (v[k] - mean);
      std::printf(" | %.3f (%.3f)", mean, values.size() < 2 ? 0.0 : std::sqrt(square / double(values.size() - 1)));
    }
    std::printf(" |\n");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) lc::throw_invalid("perturbation_answers dose|genes|combinations FILE [SEED...]");
  const std::string name = argv[1], path = argv[2];
  std::vector<std::uint64_t> seeds;
  for (int k = 3; k < argc; ++k) seeds.push_back(std::stoull(argv[k]));
  if (seeds.empty()) seeds = {0, 1, 2};
  lc::set_threads(1);
  for (const std::uint64_t seed : seeds) {
    bool done = false;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) done = done || line.starts_with(lc::text(name, "\t", seed, "\t"));
    if (done) continue;
    char* words = nullptr;
    std::size_t size = 0;
    std::FILE* const memory = open_memstream(&words, &size);
    run(name, seed, memory);
    std::fclose(memory);
    std::ofstream(path, std::ios::app) << words << std::flush;
    std::free(words);
  }
  print(name, path, seeds);
} catch (const std::exception& e) {
  std::fprintf(stderr, "perturbation_answers: %s\n", e.what());
  return 1;
}
