// Predicts what a perturbation makes of groups of cells that were never seen perturbed: trains an autoencoder and a
// flow from control to perturbed cells on the groups that were, carries the others' control cells along it, and writes
// one predicted cell for each control cell and perturbation where scanpy opens them.

#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>

#include <latentcell/data/append_cells.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/generation/calibrate_dispersion.hpp>
#include <latentcell/perturbation/compose.hpp>
#include <latentcell/generation/calibrate_gene_means.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/perturbation/generate_controls.hpp>
#include <latentcell/perturbation/evaluate.hpp>
#include <latentcell/perturbation/fit_correction.hpp>

#include "support/perturbation_plots.hpp"
#include "support/perturbation_task.hpp"

namespace lc = latentcell;
using lc::Index;
using program::Json;
using Settings = program::PerturbationSettings;
using Data = program::PerturbationData;
using program::labels_of;
using program::now;
using program::say;

namespace {

Settings parse(int argc, char** argv) {
  Settings s;
  s.out = "predicted.h5ad";
  CLI::App app(
      "Predicts cells after a perturbation from control cells of groups that were never seen perturbed.\n"
      "Without --data it runs on simulated cells.");
  auto* data = program::add_common(app, s);
  auto* condition =
      app.add_option("--condition", s.condition, "obs column of what was done to a cell")->capture_default_str();
  auto* control =
      app.add_option("--control", s.control, "its level that means nothing was done")->capture_default_str();
  auto* group = app.add_option("--group", s.group, "obs column of cell types or other groups")->capture_default_str();
  app.add_option("--target", s.target, "groups to predict; else those without perturbed cells")->delimiter(',');
  auto* hold =
      app.add_option("--holdout", s.holdout, "groups whose perturbed cells are hidden, predicted and judged by")
          ->delimiter(',');
  app.add_option("--perturbation", s.perturbation, "perturbations to predict, also new combinations A+B; else all")
      ->delimiter(',');
  app.add_option("--perturbation-genes", s.genes_column,
                 "obs column of the perturbed genes, joined by '+'; else the condition's own name");
  auto* embeddings = app.add_option("--gene-embeddings", s.embeddings,
                                    "table with a row a gene, its name and its numbers: lets --perturbation name "
                                    "genes that no cell had perturbed");
  auto* dose = app.add_option("--dose", s.dose, "obs column of doses");
  app.add_option("--at-dose", s.at_dose, "dose to predict; else the largest seen");
  auto* genes = app.add_option("--genes", s.genes, "keep the most variable genes; 0 keeps those in 10 cells or more")
                    ->check(CLI::Range(0, 1000000000));
  app.add_option("--latent", s.latent, "dimensions of the latent")->capture_default_str()->check(CLI::Range(2, 512));
  app.add_option("--steps", s.steps, "steps of the sampler")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--autoencoder-epochs", s.autoencoder_epochs, "0 chooses by the number of cells")
      ->check(CLI::Range(0, 1000000000));
  app.add_option("--flow-epochs", s.flow_epochs, "0 chooses by the number of cells")->check(CLI::Range(0, 1000000000));
  auto* blind = app.add_option("--blind", s.blind,
                               "models more, each without the answers of a part of the groups, that tell how far "
                               "predictions of unseen groups are off; 0: none, a fifth of the time")
                    ->capture_default_str()
                    ->check(CLI::Range(0, 100));
  app.add_option("--generate", s.generate,
                 "new cells of each group to predict, in place of the measured control cells; 0: those")
      ->check(CLI::Range(0, 1000000000));
  app.add_option("--from", s.from, "predict with a saved model (a file, or a --checkpoint folder), without training")
      ->excludes(hold)
      ->excludes(dose)
      ->excludes(embeddings)
      ->excludes(condition)  // the model brings its own
      ->excludes(control)
      ->excludes(group)
      ->excludes(genes)
      ->excludes(blind);
  program::parse(app, argc, argv);
  if (!s.from.empty() && s.generate == 0 && data->empty())
    program::refuse(app, "--from needs --data, the control cells to start from, or --generate");
  if (!s.from.empty() && s.generate > 0 && !data->empty())
    program::refuse(app, "--from takes control cells from --data or makes them (--generate), not both");
  return s;
}

lc::PerturbationOptions model_options(const Settings& s, const Data& d) {
  lc::PerturbationOptions o;
  o.condition = s.condition;
  o.control = s.control;
  o.group = s.group;
  o.parts = d.parts;
  o.seen = d.seen;
  o.dose = s.dose;
  if (std::isfinite(d.dose) && d.dose > 0) o.dose_scale = float(d.dose);
  o.vae.genes = d.train.genes();
  o.vae.latent = o.backbone.latent = s.latent;
  return o;
}

struct Trained {
  lc::Perturbation model;
  lc::LatentTable latents;
};

// Both stages, or nothing where a signal stopped them. The stages' names end with `suffix`.
std::optional<Trained> train_model(const Settings& s, const Data& d, const lc::CellTable& cells,
                                   const std::string& suffix, std::uint64_t seed, Json& report) {
  lc::Rng rng(seed);
  lc::Perturbation m(model_options(s, d), d.embeddings, rng);
  const lc::Categorical what = cells.obs(s.condition);
  const Index perturbed = cells.cells() - what.count(what.code(s.control));
  const lc::FitOptions first{
      .epochs = s.autoencoder_epochs > 0 ? s.autoencoder_epochs : program::epochs_for(cells.cells(), 64, 1700, 8, 200),
      .batch = 64,
      .learning_rate = 1e-3f,
      .seed = seed};
  const lc::FitOptions second{
      .epochs = s.flow_epochs > 0 ? s.flow_epochs : program::epochs_for(perturbed, 128, 3000, 16, 1600),
      .batch = 128,
      .learning_rate = 5e-4f,
      .ema = 0.999f,
      .seed = seed + 1};
  report["training"]["autoencoder" + suffix] = program::to_json(first);
  report["training"]["flow" + suffix] = program::to_json(second);
  say(lc::text(suffix.empty() ? "" : "blind model: ", "training on ", cells.cells(), " cells, ", perturbed,
               " of them perturbed, ", cells.genes(), " genes; ", lc::parameter_count(m), " parameters"));
  lc::StopOnSignal stop;
  lc::TrainState<float> state, flow_state;
  m.vae.gene_names = cells.gene_names;
  if (!program::train_stage(s, "autoencoder" + suffix, m.vae, state, stop, report,
                            [&](auto& st, auto&&... hooks) { lc::fit_from(st, m.vae, cells, {}, first, hooks...); })) {
    return std::nullopt;
  }
  lc::Rng calibration(seed, 11);
  lc::generation::calibrate_dispersion(m.vae, cells, {}, calibration);
  lc::LatentTable latents = lc::encode(m.vae, cells);
  if (!program::train_stage(s, "flow" + suffix, m.flow, flow_state, stop, report,
                            [&](auto& st, auto&&... hooks) { lc::fit_flow(st, m, latents, second, hooks...); })) {
    return std::nullopt;
  }
  return Trained{std::move(m), std::move(latents)};
}

// The model, and what models without the answers of some groups tell of its errors.
std::optional<Trained> train(const Settings& s, const Data& d, Json& report) {
  std::optional<Trained> main = train_model(s, d, d.train, "", s.seed, report);
  if (!main) return std::nullopt;
  lc::Rng response(s.seed, 12);
  std::uint64_t part = 0;
  report["blind"] = Json::array();
  const bool finished = lc::fit_response_correction(
      main->model, d.train, s.blind, {.steps = s.steps}, response,
      [&](const lc::CellTable& cells, const std::vector<std::string>& groups) -> std::optional<lc::Perturbation> {
        report["blind"].push_back(groups);
        ++part;
        std::optional<Trained> one = train_model(s, d, cells, lc::text("_blind_", part), s.seed + 100 * part, report);
        if (!one) return std::nullopt;
        return std::move(one->model);
      });
  if (!finished) return std::nullopt;
  if (part == 0 && s.blind > 0)
    say("note: fewer than three groups have 20 control and 20 perturbed cells: errors are learned on groups seen in "
        "training, which understates them");
  program::keep(s, main->model);
  return main;
}

// Control cells of the groups to predict.
lc::CellTable controls_of(const lc::CellTable& cells, const lc::PerturbationOptions& o,
                          const std::vector<std::string>& groups) {
  const lc::Categorical what = cells.obs(o.condition), group = cells.obs(o.group);
  std::vector<Index> rows;
  for (Index i = 0; i < cells.cells(); ++i) {
    const int g = group.codes[lc::to_size(i)], w = what.codes[lc::to_size(i)];
    if (g < 0 || w < 0 || what.levels[std::size_t(w)] != o.control) continue;
    if (groups.empty() || std::count(groups.begin(), groups.end(), group.levels[std::size_t(g)]) > 0) rows.push_back(i);
  }
  if (rows.empty()) lc::throw_runtime("no control cell of the wanted groups");
  for (const std::string& name : groups) {
    const int wanted = group.code(name);
    if (std::none_of(rows.begin(), rows.end(), [&](Index i) { return group.codes[lc::to_size(i)] == wanted; }))
      lc::throw_runtime("group '", name, "' has no cell that is '", o.control, "': there is nothing to start from");
  }
  return cells.select_cells(rows);
}

// Where a --checkpoint folder holds what makes new control cells.
constexpr const char* generator_name = "/control_generator.safetensors";

// What makes new control cells, trained on those that are there; nothing where a signal stopped it.
std::optional<lc::generation::Model> train_generator(const Settings& s, const lc::Perturbation& m,
                                                     const lc::CellTable& controls, Json& report) {
  lc::Rng rng(s.seed, 14);
  lc::generation::Model generator = lc::control_generator(m, controls, rng);
  const lc::FitOptions o{.epochs = program::epochs_for(controls.cells(), 128, 3200, 16, 800),
                         .batch = 128,
                         .learning_rate = 5e-4f,
                         .ema = 0.999f,
                         .seed = s.seed + 2};
  const lc::LatentTable latents = lc::encode(generator.vae, controls);
  lc::StopOnSignal stop;
  lc::TrainState<float> state;
  if (!program::train_stage(s, "controls", generator.flow, state, stop, report, [&](auto& st, auto&&... hooks) {
        lc::fit_from(st, generator.flow, latents, o, hooks...);
      })) {
    return std::nullopt;
  }
  lc::generation::calibrate_gene_means(generator, controls, rng);
  if (!s.checkpoint.empty()) lc::generation::save(s.checkpoint + generator_name, generator);
  return generator;
}

lc::CellTable new_controls(const Settings& s, const lc::generation::Model& generator, const lc::PerturbationOptions& o,
                           const std::vector<std::string>& groups) {
  lc::Rng rng(s.seed, 15);
  return lc::generate_controls(generator, o, groups, s.generate, rng, {.steps = s.steps, .guidance = 1.1f});
}

// Every perturbation of every control cell, the condition in its own name again.
lc::CellTable predict(const Settings& s, const lc::Perturbation& m, const lc::CellTable& control,
                      const std::vector<std::string>& perturbations, double dose,
                      const std::map<std::string, std::string>& called) {
  lc::CellTable out;
  lc::Rng rng(s.seed, 9);
  for (const std::string& what : perturbations) {
    lc::CellTable cells = lc::predict_unseen(m, control, what, {.steps = s.steps, .dose = dose}, rng);
    const auto name = called.find(what);
    cells.cell_columns.set(m.options.condition, lc::Categorical{{name == called.end() ? what : name->second},
                                                                std::vector<int>(lc::to_size(cells.cells()), 0)});
    lc::append_cells(out, cells);
  }
  out.strings["latentcell"] = {lc::text("version ", lc::version), lc::text("seed ", s.seed),
                               lc::text("steps ", s.steps)};
  return out;
}

std::string table(const std::vector<lc::PerturbationScore>& scores) {
  std::string out = "                              r    top 50   R2 means  R2 var.  sign   spread  energy\n";
  for (const lc::PerturbationScore& p : scores) {
    char line[200];
    const auto& e = p.effect;
    std::snprintf(line, sizeof line, "  %-26s %6.3f %7.3f %9.2f %8.2f %6.2f %7.2f %8.3f\n", p.who.c_str(), e.r,
                  e.r_top50, e.r2_mean_top20, e.r2_variance_top50, e.sign, e.spread, p.energy);
    out += line;
  }
  return out;
}

// Each held-out group and perturbation beside its true cells, with the floors. Gives what draws them.
std::vector<std::function<void()>> judge(const Settings& s, const Data& d, const lc::Perturbation& m,
                                         const lc::LatentTable& latents, const lc::CellTable& predicted, Json& report) {
  std::vector<std::function<void()>> pictures;
  Json judged = Json::array();
  for (const auto& [key, truth] : d.truth) {
    const auto& [group, what] = key;
    const auto name = d.called.find(what);
    const std::string shown = name == d.called.end() ? what : name->second;
    std::vector<Index> rows;
    const lc::Categorical g = predicted.obs(s.group), c = predicted.obs(s.condition);
    for (Index i = 0; i < predicted.cells(); ++i) {
      if (g.levels[std::size_t(g.codes[lc::to_size(i)])] == group &&
          c.levels[std::size_t(c.codes[lc::to_size(i)])] == shown)
        rows.push_back(i);
    }
    if (rows.size() < 2 || truth.cells() < 4) {
      say(lc::text("note: '", group, "' under '", shown, "' is not judged: ", rows.size(), " predicted and ",
                   truth.cells(), " true cells"));
      continue;
    }
    lc::Rng rng(s.seed, 31);
    const lc::PerturbationEvaluator bench(d.train, truth, m.options, group, what, rng);
    std::vector<lc::PerturbationScore> scores{
        bench.score("latentcell", predicted.select_cells(rows), d.train.gene_names)};
    for (lc::PerturbationScore& p : bench.floors()) scores.push_back(std::move(p));
    scores.push_back(bench.score("latent arithmetic", lc::latent_arithmetic(m, d.train, latents, group, what, rng),
                                 d.train.gene_names));
    scores.push_back(bench.split_half_ceiling());
    say(lc::text("'", group, "' under '", shown, "', judged by ", truth.cells(), " held-out cells\n", table(scores)));
    Json one{{"group", group}, {"condition", shown}, {"true_cells", truth.cells()}, {"control_cells", rows.size()}};
    for (const lc::PerturbationScore& p : scores) one["scores"][p.who] = program::numbers(p);
    judged.push_back(one);
    if (!s.plots.empty()) {
      pictures.push_back([&s, &d, &m, &predicted, &key = key, &truth = truth, shown, rows] {
        plots::draw_perturbation(s.plots, key.first, shown, controls_of(d.train, m.options, {key.first}),
                                 predicted.select_cells(rows), truth);
      });
    }
  }
  report["judged"] = judged;
  return pictures;
}

// Control cells for a saved model: measured ones, or new ones.
lc::CellTable measured_by(const Settings& s, const lc::Perturbation& m) {
  const lc::CellTable seen = program::in_genes_of(program::read(s, s.data), m.vae.gene_names, s.data);
  for (const std::string& column : {m.options.condition, m.options.group}) (void)labels_of(seen, column, "the model");
  for (const std::string& name : s.target)
    (void)program::level_of(seen.obs(m.options.group), name, "--target", m.options.group);
  return controls_of(seen, m.options, s.target);
}

lc::CellTable generated_by(const Settings& s, const lc::PerturbationOptions& o) {
  const std::string file = s.from + generator_name;
  if (!std::filesystem::exists(file))
    lc::throw_runtime("--generate: ", s.from, " is no --checkpoint folder of a run with --generate: it has no ",
                      generator_name + 1);
  const lc::generation::Model generator = lc::generation::load(file);
  for (const std::string& name : s.target)
    (void)program::level_of({generator.options.levels, {}}, name, "--target", o.group);
  return new_controls(s, generator, o, s.target.empty() ? generator.options.levels : s.target);
}

int run(const Settings& s) {
  program::begin(s);
  lc::Rng rng(s.seed);
  Json report{{"program", lc::text("predict_perturbation ", lc::version)}};
  report["settings"] = {{"data", s.data.empty() ? "simulated" : s.data},
                        {"condition", s.condition},
                        {"control", s.control},
                        {"group", s.group},
                        {"target", s.target},
                        {"holdout", s.holdout},
                        {"perturbation", s.perturbation},
                        {"perturbation_genes", s.genes_column},
                        {"gene_embeddings", s.embeddings},
                        {"dose", s.dose},
                        {"genes", s.genes},
                        {"latent", s.latent},
                        {"steps", s.steps},
                        {"blind", s.blind},
                        {"generate", s.generate},
                        {"seed", s.seed},
                        {"threads", lc::threads()},
                        {"from", s.from}};
  if (!s.from.empty()) {
    const lc::Perturbation m = lc::load_perturbation(program::model_file(s.from));
    const std::vector<std::string> asked = program::asked_for(s, m.options.control);
    program::check_parts(asked, m.options.parts);
    if (!std::isnan(s.at_dose) && m.options.dose.empty()) lc::throw_runtime("--at-dose: the model knows no dose");
    const lc::CellTable control = s.generate > 0 ? generated_by(s, m.options) : measured_by(s, m);
    lc::CellTable cells = predict(s, m, control, asked.empty() ? m.options.seen : asked,
                                  std::isnan(s.at_dose) ? double(m.options.dose_scale) : s.at_dose, {});
    if (s.generate > 0) lc::append_cells(cells, control);
    lc::io::write_h5ad(s.out, cells);
    say(lc::text("wrote ", cells.cells(), " cells to ", s.out));
    program::write_report(s.report, report);
    return 0;
  }
  const Data d = program::load_perturbed(s, rng);
  program::same_run(s, {{"data", program::files_of({s.data})},
                        {"condition", s.condition},
                        {"control", s.control},
                        {"group", s.group},
                        {"holdout", s.holdout},
                        {"perturbation_genes", s.genes_column},
                        {"gene_embeddings", program::files_of({s.embeddings})},
                        {"dose", s.dose},
                        {"genes", s.genes},
                        {"blind", s.blind}});
  report["training_cells"] = d.train.cells();
  report["training_genes"] = d.train.genes();
  const std::optional<Trained> trained = train(s, d, report);
  if (!trained) return program::stopped(s);
  const lc::Perturbation& m = trained->model;
  lc::CellTable controls;
  if (s.generate > 0) {
    const std::optional<lc::generation::Model> generator =
        train_generator(s, m, controls_of(d.train, m.options, {}), report);
    if (!generator) return program::stopped(s);
    controls = new_controls(s, *generator, m.options, d.targets);
  } else {
    controls = controls_of(d.train, m.options, d.targets);
  }
  const double start = now();
  lc::CellTable cells = predict(s, m, controls, d.perturbations, std::isnan(s.at_dose) ? d.dose : s.at_dose, d.called);
  if (s.generate > 0) lc::append_cells(cells, controls);
  lc::io::write_h5ad(s.out, cells);
  report["prediction"] = {{"cells", cells.cells()}, {"seconds", now() - start}};
  say(lc::text("wrote ", cells.cells(), " cells to ", s.out, " in ", now() - start, " s"));
  const auto pictures = judge(s, d, m, trained->latents, cells, report);
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  for (const auto& draw : pictures) draw();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("predict_perturbation", [&] { return run(settings); });
}
