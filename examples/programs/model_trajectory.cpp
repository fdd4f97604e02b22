// Reads snapshots of cells over time, learns one field of motion, and gives the cells of times that were never seen:
// between the snapshots or beyond them; what known cells will become; and how well all this does on a held-out time.

#include <cmath>
#include <cstdio>
#include <map>
#include <optional>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/simulate_development.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/read_points.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/trajectory/evaluate.hpp>
#include <latentcell/trajectory/predict.hpp>
#include <latentcell/trajectory/io.hpp>

#include "support/program.hpp"
#include "support/trajectory_plots.hpp"

namespace lc = latentcell;
using lc::Index;
using program::Json;
using program::now;
using program::say;

namespace {

struct Settings : program::Common {
  std::string embedding, time = "time", holdout, fate, from, ways;
  std::vector<std::string> predict;
  Index dimensions = 10, cells = 1000, window = 0, steps = 20, draws = 20;
  double noise = 0, relax = 1, fate_at = std::nan("");
  bool growth = false;
  int epochs = 0, decoder_epochs = 0;
};

Settings parse(int argc, char** argv) {
  Settings s;
  s.out = "predicted.h5ad";
  CLI::App app(
      "Learns how cells move through time from snapshots, and predicts the cells of other times.\n"
      "Without --data or --embedding it runs on simulated cells.");
  auto* data = program::add_common(app, s);
  auto* embedding = app.add_option("--embedding", s.embedding,
                                   "CSV of coordinates in place of counts: a column of times, the others coordinates")
                        ->excludes(data);
  auto* time =
      app.add_option("--time", s.time, "column of times: numbers, or labels such as 270-330")->capture_default_str();
  app.add_option("--predict", s.predict, "times to predict, a comma between; A-B spreads the cells over a range")
      ->delimiter(',');
  auto* hold =
      app.add_option("--holdout", s.holdout, "a time or range A-B: its cells are hidden, predicted, judged by");
  auto* dimensions =
      app.add_option("--dimensions", s.dimensions, "principal components that cells move in; an embedding has its own")
          ->capture_default_str()
          ->check(CLI::Range(2, 100))
          ->excludes(embedding);
  app.add_option("--cells", s.cells, "cells to predict for each time")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  auto* growth = app.add_flag("--growth", s.growth, "each time's number of cells is the tissue's: it grows");
  auto* relax = app.add_option("--relax", s.relax,
                               "weight of equally many descendants for all cells: larger is stricter; 0: exactly "
                               "equal, no slack at all")
                    ->capture_default_str()
                    ->check(CLI::Range(0.0, 1e6));
  auto* noise =
      app.add_option("--noise", s.noise, "diffusion over the whole span, in units of the cells' spread; 0: none")
          ->check(CLI::Range(0.0, 100.0));
  auto* ways = app.add_option("--ways", s.ways, "straight, or manifold: along the cells (default for an embedding)")
                   ->check(CLI::IsMember({"straight", "manifold"}));
  auto* window = app.add_option("--window", s.window, "cells on either side of a step of time that are coupled at once")
                     ->check(CLI::Range(2, 5000));
  app.add_option("--fate", s.fate, "obs column: what the known and predicted cells become, by the last cells' labels")
      ->excludes(embedding);
  app.add_option("--fate-at", s.fate_at, "time at which fates are told; else the last of the known cells");
  app.add_option("--draws", s.draws, "ways of each cell that its fate is told by, with --noise")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  app.add_option("--steps", s.steps, "steps of the integrator")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--epochs", s.epochs, "of the field; 0 chooses")->check(CLI::Range(0, 1000000000));
  app.add_option("--decoder-epochs", s.decoder_epochs, "of the way back to counts; 0 chooses")
      ->check(CLI::Range(0, 1000000000));
  app.add_option("--from", s.from,
                 "predict with a saved model (a file, or a --checkpoint folder) from the cells of --data or "
                 "--embedding, without training")
      ->excludes(hold)
      ->excludes(time)
      ->excludes(dimensions)
      ->excludes(growth)
      ->excludes(relax)
      ->excludes(noise)
      ->excludes(ways)
      ->excludes(window);
  program::parse(app, argc, argv);
  return s;
}

/// A time, or a range of times.
struct When {
  double from = 0, to = 0;
  std::string shown;
};

When when(const std::string& word, const char* option) {
  When w{0, 0, word};
  char* end = nullptr;
  w.from = w.to = std::strtod(word.c_str(), &end);
  bool good = end != word.c_str();
  if (good && *end == '-') {
    const char* const second = end + 1;
    w.to = std::strtod(second, &end);
    good = end != second;
  }
  if (!good || *end != '\0' || !std::isfinite(w.from) || !std::isfinite(w.to) || w.to < w.from)
    lc::throw_runtime(option, ": '", word, "' is neither a time nor a range of times such as 270-330");
  return w;
}

/// What a file holds: counts, or points with their times.
struct Cells {
  std::optional<lc::CellTable> counts;
  lc::LatentTable points;  // of an embedding
  std::vector<double> time;
  std::vector<std::string> axes;
};

std::vector<double> times_of(const lc::Annotation& obs, const std::string& column) {
  try {
    return lc::read_times(obs, column);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(e.what(), " (--time chooses)");
  }
}

Cells read(const Settings& s, const std::string& time, lc::Rng& rng) {
  Cells out;
  if (!s.embedding.empty()) {
    const lc::io::Points points = lc::io::read_points(s.embedding);
    const auto at = std::find(points.columns.begin(), points.columns.end(), time);
    if (at == points.columns.end())
      lc::throw_runtime(s.embedding, ": has no column '", time, "'; there are ",
                        lc::Categorical{points.columns, {}}.list(), " (--time chooses)");
    const Index column = at - points.columns.begin(), n = points.values.rows(), d = points.values.cols() - 1;
    if (d < 1) lc::throw_runtime(s.embedding, ": has no coordinates beside '", time, "'");
    out.points.mean.resize(n, d);
    for (Index i = 0; i < n; ++i) {
      out.time.push_back(points.values(i, column));
      out.points.cell_names.push_back(lc::text("row_", i + 1));
      for (Index j = 0; j < d; ++j) out.points.mean(i, j) = float(points.values(i, j < column ? j : j + 1));
      if (!out.points.mean.row(i).allFinite()) lc::throw_runtime(s.embedding, ": point ", i + 1, " lacks a coordinate");
    }
    for (Index j = 0; j < d; ++j) out.axes.push_back(points.columns[lc::to_size(j < column ? j : j + 1)]);
    out.points.cell_columns = lc::Annotation(n);
    out.points.cell_columns.set(time, out.time);
    return out;
  }
  out.counts = s.data.empty() ? lc::simulate_development({}, rng) : program::read(s, s.data);
  out.time = times_of(out.counts->cell_columns, time);
  return out;
}

/// The known cells, and those of the time that is hidden.
struct Data {
  lc::CellTable train, truth;
  lc::LatentTable latents, true_latents;
  std::vector<double> time;
  bool counts = false;
  std::vector<std::string> axes;
  double first = 0, last = 0;
};

Data split(const Settings& s, Cells all, const std::optional<When>& hidden) {
  Data d;
  d.counts = all.counts.has_value();
  d.axes = all.axes;
  std::vector<Index> kept, out;
  Index timeless = 0;
  for (Index i = 0; i < Index(all.time.size()); ++i) {
    const double t = all.time[lc::to_size(i)];
    if (!std::isfinite(t)) {
      ++timeless;
    } else if (hidden && t >= hidden->from && t <= hidden->to) {
      out.push_back(i);
    } else {
      kept.push_back(i);
      d.time.push_back(t);
    }
  }
  if (timeless > 0) say(lc::text("note: ", timeless, " cells without a time are left out"));
  const std::vector<double> distinct = lc::detail::TimeOrder(d.time).times;
  if (distinct.size() < 2) lc::throw_runtime("there must be cells of at least two times, there are ", distinct.size());
  if (!s.holdout.empty() && out.empty())
    say(lc::text("note: no cell has a time of ", hidden->shown, ": predicted, not judged"));
  d.first = distinct.front();
  d.last = distinct.back();
  if (d.counts) {
    d.truth = all.counts->select_cells(out);
    d.train = lc::filter_genes(all.counts->select_cells(kept), lc::GeneFilterOptions{.min_cells = 10});
    if (d.train.genes() <= s.dimensions)
      lc::throw_runtime("only ", d.train.genes(), " genes are seen in 10 cells or more: too few for ", s.dimensions,
                        " dimensions");
    if (d.train.cells() <= s.dimensions)
      lc::throw_runtime("only ", d.train.cells(), " cells are known: too few for ", s.dimensions, " dimensions");
  } else {
    d.latents = all.points.select_cells(kept);
    d.true_latents = all.points.select_cells(out);
  }
  return d;
}

std::optional<lc::TrajectoryModel> train(const Settings& s, Data& d, Json& report, lc::Rng& rng) {
  lc::TrajectoryOptions o;
  o.time = s.time;
  o.first = d.first;
  o.last = d.last;
  o.noise = s.noise;
  o.field.latent = d.counts ? s.dimensions : d.latents.latent();
  // Many dimensions hold more noise, which the field must learn to average (docs/results.md).
  const bool many = o.field.latent > 10;
  o.field.width = many ? 256 : 128;
  o.paths.manifold = s.ways.empty() ? !d.counts : s.ways == "manifold";
  o.paths.window = s.window > 0 ? s.window : o.paths.manifold ? 500 : 100;
  o.paths.epsilon = o.paths.manifold ? 0.02 : 0.1;
  o.paths.growth = s.growth;
  o.paths.relax = s.relax;
  const lc::FitOptions fit{.epochs = s.epochs > 0 ? s.epochs
                                     : many       ? 30
                                                  : 20,
                           .batch = 256,
                           .learning_rate = 1e-3f,
                           .ema = 0.999f,
                           .seed = s.seed + 1};
  report["training"]["field"] = program::to_json(fit);
  lc::StopOnSignal stop;
  lc::TrajectoryModel m{lc::Trajectory(o, rng), {}};
  if (d.counts) {
    m.cells.emplace(lc::PcaAutoencoderOptions{.genes = d.train.genes(), .latent = s.dimensions}, rng,
                    lc::LikelihoodOptions{.dispersion = lc::Dispersion::gene_cell});
    m.cells->gene_names = d.train.gene_names;
    const lc::FitOptions decoder{
        .epochs = s.decoder_epochs > 0 ? s.decoder_epochs : program::epochs_for(d.train.cells(), 64, 1500, 8, 200),
        .batch = 64,
        .learning_rate = 1e-3f,
        .seed = s.seed};
    report["training"]["decoder"] = program::to_json(decoder);
    say(lc::text("training on ", d.train.cells(), " cells, ", d.train.genes(), " genes, times ", d.first, " to ",
                 d.last));
    lc::TrainState<float> state;
    if (!program::train_stage(s, "decoder", *m.cells, state, stop, report, [&](auto& st, auto&&... hooks) {
          lc::fit_from(st, *m.cells, d.train, {}, decoder, hooks...);
        })) {
      return std::nullopt;
    }
    d.latents = lc::encode(*m.cells, d.train);
    if (d.truth.cells() > 0) d.true_latents = lc::encode(*m.cells, lc::align_genes(d.truth, d.train.gene_names).cells);
  } else {
    say(lc::text("training on ", d.latents.cells(), " points of ", d.latents.latent(), " dimensions, times ", d.first,
                 " to ", d.last));
  }
  lc::TrainState<float> state;
  if (!program::train_stage(s, "field", m.motion, state, stop, report,
                            [&](auto& st, auto&&... hooks) { lc::fit_from(st, m.motion, d.latents, fit, hooks...); })) {
    return std::nullopt;
  }
  program::keep(s, m);
  return m;
}

// Coordinates in the units of the field's measures: principal components as they are, in place of units of the first.
lc::Matrix<float> shown(const lc::TrajectoryModel& m, const lc::Matrix<float>& z) {
  return m.cells ? lc::Matrix<float>(z * m.cells->unit.value(0, 0)) : z;
}

// The predicted cells as a file holds them: counts, or coordinates as X.
lc::CellTable as_cells(const lc::TrajectoryModel& m, const lc::LatentTable& z, const std::vector<std::string>& axes,
                       lc::Rng& rng) {
  if (m.cells) {
    lc::CellTable out = lc::draw(*m.cells, z, rng);
    out.embeddings["X_pca"] = shown(m, z.mean);
    return out;
  }
  lc::CellTable out;
  out.counts = lc::Counts(z.latent());
  for (Index i = 0; i < z.cells(); ++i) {
    for (Index j = 0; j < z.latent(); ++j) out.counts.push(std::int32_t(j), z.mean(i, j));
    out.counts.end_row();
  }
  out.cell_names = z.cell_names;
  out.cell_columns = z.cell_columns;
  out.gene_names = axes;
  out.gene_columns = lc::Annotation(z.latent());
  return out;
}

// Adds to each cell what it will become; gives the probabilities.
lc::Matrix<double> tell_fates(const Settings& s, const lc::Trajectory& m, const lc::LatentTable& known,
                              lc::LatentTable& cells) {
  lc::Rng rng(s.seed, 13);
  const lc::Matrix<double> p =
      lc::fates(m, cells, known, s.fate, {.draws = s.draws, .steps = s.steps, .at = s.fate_at}, rng);
  const lc::Categorical labels = known.cell_columns.labels(s.fate);
  for (Index l = 0; l < p.cols(); ++l) {
    std::vector<double> column(lc::to_size(p.rows()));
    for (Index i = 0; i < p.rows(); ++i) column[lc::to_size(i)] = p(i, l);
    if (labels.count(int(l)) == 0) continue;
    std::string name = "fate_" + labels.levels[lc::to_size(l)];
    std::replace(name.begin(), name.end(), '/', '|');  // no name of a file's entry has a slash
    cells.cell_columns.set(name, std::move(column));
  }
  return p;
}

// Fates of the known cells, by their label and, within it, the share whose fate is settled.
void report_fates(const Settings& s, const lc::Trajectory& m, const lc::LatentTable& known, Json& report) {
  std::vector<Index> rows;  // those that are not older than the fates
  const std::vector<double> times = lc::read_times(known.cell_columns, m.options.time);
  for (Index i = 0; i < known.cells(); ++i) {
    if (!(times[lc::to_size(i)] > s.fate_at)) rows.push_back(i);
  }
  lc::LatentTable cells = known.select_cells(rows);
  const lc::Matrix<double> p = tell_fates(s, m, known, cells);
  const lc::Categorical all = known.cell_columns.labels(s.fate),
                        labels{all.levels, lc::recode(cells.cell_columns.labels(s.fate), all.levels)};
  Json out;
  say("fates of the known cells: mean probability, and the share whose fate is settled (one of 0.8 or more)");
  for (std::size_t l = 0; l < labels.levels.size(); ++l) {
    lc::RowVector<double> mean = lc::RowVector<double>::Zero(p.cols());
    double settled = 0, n = 0;
    for (Index i = 0; i < p.rows(); ++i) {
      if (labels.codes[lc::to_size(i)] != int(l)) continue;
      mean += p.row(i);
      settled += p.row(i).maxCoeff() >= 0.8 ? 1.0 : 0.0;
      n += 1;
    }
    if (n == 0) continue;
    std::string line;
    std::vector<std::pair<double, std::string>> order;
    for (Index k = 0; k < p.cols(); ++k) order.emplace_back(mean(k) / n, labels.levels[lc::to_size(k)]);
    std::sort(order.rbegin(), order.rend());
    for (const auto& [share, name] : order) {
      if (share > 0) out[labels.levels[l]]["fates"][name] = share;
      char word[16];
      std::snprintf(word, sizeof word, " %.2f", share);
      if (share >= 0.03) line += "  " + name + word;
    }
    out[labels.levels[l]]["settled"] = settled / n;
    out[labels.levels[l]]["cells"] = n;
    char words[24];
    std::snprintf(words, sizeof words, "%.2f", settled / n);
    say(lc::text("  ", labels.levels[l], " (", n, " cells):", line, ";  settled ", words));
  }
  // Where fates part: the share of settled cells at each time.
  const std::vector<double> time = lc::read_times(cells.cell_columns, m.options.time);
  std::map<double, std::pair<double, double>> by_time;
  for (Index i = 0; i < p.rows(); ++i) {
    auto& [settled, n] = by_time[time[lc::to_size(i)]];
    settled += p.row(i).maxCoeff() >= 0.8 ? 1.0 : 0.0;
    n += 1;
  }
  for (const auto& [t, share] : by_time) report["settled_by_time"].push_back({t, share.first / share.second});
  report["fates"] = out;
}

std::string table(const std::vector<lc::TrajectoryScore>& scores) {
  std::string out = "                              W1        W2       MMD\n";
  for (const lc::TrajectoryScore& p : scores) {
    char line[160];
    std::snprintf(line, sizeof line, "  %-22s %9.4g %9.4g %9.2g\n", p.who.c_str(), p.w1, p.w2, p.mmd);
    out += line;
  }
  return out;
}

int run(const Settings& s) {
  program::begin(s);
  lc::Rng rng(s.seed);
  const bool simulated = s.data.empty() && s.embedding.empty();
  Json report{{"program", lc::text("model_trajectory ", lc::version)}};
  report["settings"] = {
      {"data", s.data},       {"embedding", s.embedding},   {"time", s.time},   {"predict", s.predict},
      {"holdout", s.holdout}, {"dimensions", s.dimensions}, {"cells", s.cells}, {"growth", s.growth},
      {"relax", s.relax},     {"noise", s.noise},           {"ways", s.ways},   {"window", s.window},
      {"fate", s.fate},       {"steps", s.steps},           {"seed", s.seed},   {"threads", lc::threads()},
      {"from", s.from}};
  Settings used = s;
  std::vector<When> wanted;
  const auto want = [&](const When& w) {
    const auto same = [&](const When& other) { return other.from == w.from && other.to == w.to; };
    if (std::none_of(wanted.begin(), wanted.end(), same)) wanted.push_back(w);
  };
  std::optional<When> hidden;
  if (simulated && s.holdout.empty() && s.predict.empty() && s.from.empty()) used.holdout = "3";
  if (simulated && s.fate.empty()) used.fate = "cell_type";
  if (!used.holdout.empty()) {
    hidden = when(used.holdout, "--holdout");
    want(*hidden);
  }
  for (const std::string& word : s.predict) want(when(word, "--predict"));
  if (wanted.empty()) lc::throw_runtime("say which times to predict (--predict or --holdout)");

  std::optional<lc::TrajectoryModel> m;
  Data d;
  if (!s.from.empty()) {
    if (simulated) lc::throw_runtime("--from needs the cells to start from (--data or --embedding)");
    m = lc::load_trajectory(program::model_file(s.from));
    if (m->cells.has_value() != s.embedding.empty())
      lc::throw_runtime(s.from, ": was trained on ", m->cells ? "counts (--data)" : "coordinates (--embedding)");
    Cells all = read(s, m->motion.options.time, rng);
    if (m->cells) {
      d.counts = true;
      d.train = program::in_genes_of(*all.counts, m->cells->gene_names, s.data);
      d.latents = lc::encode(*m->cells, d.train);
    } else {
      if (all.points.latent() != m->motion.latent())
        lc::throw_runtime(s.embedding, ": has ", all.points.latent(), " coordinates but the model ",
                          m->motion.latent());
      d.latents = std::move(all.points);
    }
    d.axes = all.axes;
    d.time = all.time;
  } else {
    d = split(used, read(used, s.time, rng), hidden);
    report["training_cells"] = d.time.size();
    if (!used.fate.empty()) (void)program::labels_of(d.train, used.fate, "--fate");
    program::same_run(s, {{"data", program::files_of({s.data, s.embedding})},
                          {"time", s.time},
                          {"holdout", s.holdout},
                          {"dimensions", s.dimensions},
                          {"growth", s.growth},
                          {"relax", s.relax},
                          {"noise", s.noise},
                          {"ways", s.ways},
                          {"window", s.window}});
    m = train(used, d, report, rng);
    if (!m) return program::stopped(s);
  }

  const double start = now();
  lc::Rng own(s.seed, 9);
  lc::CellTable out;
  std::vector<lc::LatentTable> made;
  for (const When& w : wanted) {
    made.push_back(
        lc::at_time(m->motion, d.latents, {.from = w.from, .to = w.to, .cells = s.cells, .steps = s.steps}, own));
    lc::LatentTable cells = made.back();
    for (std::string& name : cells.cell_names) name = w.shown + "_" + name;
    if (!used.fate.empty()) (void)tell_fates(used, m->motion, d.latents, cells);
    lc::append_cells(out, as_cells(*m, cells, d.axes, own));
  }
  out.strings["latentcell"] = {lc::text("version ", lc::version), lc::text("seed ", s.seed),
                               lc::text("steps ", s.steps)};
  lc::io::write_h5ad(s.out, out);
  say(lc::text("wrote ", out.cells(), " cells to ", s.out, " in ", now() - start, " s"));
  report["prediction"] = {{"cells", out.cells()}, {"seconds", now() - start}};

  if (d.true_latents.cells() >= 4) {
    lc::Rng judge_rng(s.seed, 31);
    lc::LatentTable known = d.latents;
    known.mean = shown(*m, known.mean);
    lc::TrajectoryEvaluator judge(known, d.time, shown(*m, d.true_latents.mean), hidden->from, hidden->to, judge_rng);
    const lc::Matrix<float> points = shown(*m, made.front().mean);
    std::vector<lc::TrajectoryScore> scores{judge.score("latentcell", lc::view(points))};
    for (lc::TrajectoryScore& p : judge.floors()) scores.push_back(std::move(p));
    scores.push_back(judge.split_half_ceiling());
    say(lc::text("time ", hidden->shown, ", judged by ", d.true_latents.cells(), " held-out cells\n", table(scores)));
    for (const lc::TrajectoryScore& p : scores) report["scores"][p.who] = program::numbers(p);
  }
  if (!used.fate.empty() && s.from.empty()) report_fates(used, m->motion, d.latents, report);
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  if (!s.plots.empty() && m->motion.latent() >= 2) {
    lc::Rng few(s.seed, 17);
    std::vector<Index> starts;
    const double first = *std::min_element(d.time.begin(), d.time.end()),
                 last = *std::max_element(d.time.begin(), d.time.end());
    for (Index i = 0; i < Index(d.time.size()); ++i) {
      if (d.time[lc::to_size(i)] <= first + 0.1 * (last - first)) starts.push_back(i);
    }
    starts = lc::detail::some(starts, 40, few);
    const lc::Matrix<float> at = lc::metric::pick_rows(lc::view(d.latents.mean), starts);
    std::vector<double> from, moments;
    for (const Index i : starts) from.push_back(d.time[lc::to_size(i)]);
    for (int k = 1; k <= 30; ++k) moments.push_back(first + (last - first) * (0.1 + 0.9 * k / 30.0));
    std::vector<lc::Matrix<float>> ways{shown(*m, at)};
    for (const lc::Matrix<float>& z : lc::rollout(m->motion, at, from, moments, 4, few)) ways.push_back(shown(*m, z));
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      const bool judged = k == 0 && hidden && d.true_latents.cells() > 0;
      plots::draw_trajectory(s.plots, "time_" + wanted[k].shown, shown(*m, d.latents.mean), d.time, ways,
                             shown(*m, made[k].mean),
                             judged ? shown(*m, d.true_latents.mean) : lc::Matrix<float>(0, m->motion.latent()),
                             d.counts ? "PC 1" : d.axes[0], d.counts ? "PC 2" : d.axes[1], "time " + wanted[k].shown);
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("model_trajectory", [&] { return run(settings); });
}
