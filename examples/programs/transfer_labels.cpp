// Maps a new data set, of other genes and another batch, onto a trained generator, trains it a little further there,
// and labels the new cells; where their labels are known, tells how well.

#include <cmath>
#include <cstdio>
#include <optional>

#include <latentcell/data/simulate.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/metric/roc_auc.hpp>
#include <latentcell/mapping/evaluate.hpp>
#include <latentcell/mapping/model.hpp>

#include "support/generator.hpp"
#include "support/transfer_plots.hpp"

namespace lc = latentcell;
using lc::Index;
using program::Json;
using program::now;
using program::say;

namespace {

struct Settings : program::Common, program::GeneratorSettings {
  std::string from, reference, truth, name;
  lc::mapping::TransferOptions transfer;
};

Settings parse(int argc, char** argv) {
  Settings s;
  s.out = "labelled.h5ad";
  CLI::App app(
      "Labels the cells of --data by a generator trained on other cells: a saved one (--from), or one trained on\n"
      "--reference. Without any of these it runs on simulated cells.");
  auto* data = program::add_common(app, s);
  auto* from = app.add_option(
      "--from", s.from, "saved model (a file, or a --checkpoint folder of generate_cells): no other cells needed");
  auto* reference = app.add_option("--reference", s.reference,
                                   "labelled cells: to train on without --from, and for the floors with --truth");
  app.add_option("--label", s.label, "obs column of the reference's labels")->capture_default_str();
  app.add_option("--batch", s.batch, "obs column of the reference's batches, told to the decoder");
  app.add_option("--truth", s.truth,
                 "obs column of --data with labels of the same names: to judge by, never learned from");
  app.add_option("--name", s.name, "what the new batch is called; the file's name where not given");
  app.add_option("--rounds", s.transfer.rounds, "of training further and labelling anew; 0: the model as it is")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  app.add_option("--steps", s.transfer.steps, "training steps in a round")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  app.add_option("--neighbors", s.transfer.neighbors,
                 "remembered cells that vote on a label, in the latent and in components each")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  for (CLI::Option* option : program::add_generator(app, s)) from->excludes(option);
  from->needs(data);
  reference->needs(data);
  program::parse(app, argc, argv);
  s.transfer.seed = s.seed;
  return s;
}

struct Data {
  std::optional<lc::CellTable> reference;
  lc::CellTable cells;
};

// Throws where there is nothing to judge by.
void check_truth(const Settings& s, const lc::CellTable& cells, const std::vector<std::string>& levels) {
  const lc::Categorical told = cells.obs(s.truth);
  const std::vector<int> truth = lc::recode(told, levels);
  if (std::all_of(truth.begin(), truth.end(), [](int c) { return c < 0; }))
    lc::throw_runtime("--truth: none of the labels in '", s.truth, "' (", told.list(), ") is known to the model (",
                      lc::Categorical{levels, {}}.list(), ")");
}

Data load(Settings& s, lc::Rng& rng) {
  Data d;
  if (!s.data.empty()) {
    if (s.from.empty() && s.reference.empty())
      lc::throw_runtime("say where labels come from: --from a saved model, or --reference labelled cells");
    d.cells = program::read(s, s.data);
    if (!s.reference.empty()) {
      d.reference = program::read(s, s.reference);
      if (s.from.empty()) (void)program::labels_of(*d.reference, s.label, "--label", s.reference);
    }
    if (s.name.empty()) s.name = std::filesystem::path(s.data).stem().string();
    if (!s.truth.empty()) (void)program::labels_of(d.cells, s.truth, "--truth", s.data);
    // What would end the run after training ends it now.
    if (s.from.empty()) {
      try {
        (void)lc::align_genes(d.cells, d.reference->gene_names);
      } catch (const std::invalid_argument& e) {
        lc::throw_runtime(s.data, ": ", e.what());
      }
      if (!s.truth.empty()) check_truth(s, d.cells, d.reference->obs(s.label).levels);
      if (!s.batch.empty() && program::labels_of(*d.reference, s.batch, "--batch", s.reference).code(s.name) >= 0)
        lc::throw_runtime("--name: '", s.name, "' is a batch of the reference already");
    }
    return d;
  }
  // Simulated: one tissue in two batches; the second lacks a fifth of the genes and has others.
  lc::CellTable all = lc::simulate({.cells = 4000, .batches = 2, .batch_strength = 0.5}, rng);
  const lc::Categorical batch = all.obs("batch");
  std::vector<Index> rows[2];
  for (Index i = 0; i < all.cells(); ++i) rows[batch.codes[lc::to_size(i)]].push_back(i);
  d.reference = all.select_cells(rows[0]);
  d.cells = all.select_cells(rows[1]);
  for (std::size_t g = 0; g < d.cells.gene_names.size(); g += 5) d.cells.gene_names[g] = lc::text("other_", g);
  s.truth = s.label;
  s.name = "simulated";
  return d;
}

// Scores of all ways, the floors where there is a reference.
std::vector<lc::mapping::TransferScore> judge(const Settings& s, const Data& d, const lc::generation::Model& model,
                                              const lc::mapping::MappedCells<lc::ResidualMlp<float>>& found,
                                              const std::vector<int>& truth) {
  const Index labels = Index(model.options.levels.size());
  std::vector<lc::mapping::TransferScore> out;
  const auto add = [&](const std::string& who, const std::vector<int>& said) {
    out.push_back({who, lc::metric::label_scores(truth, said, labels)});
  };
  add("latentcell", found.label);
  lc::mapping::TransferOptions as_is = s.transfer;
  as_is.rounds = 0;
  if (s.transfer.rounds > 0)
    add("latentcell, not trained further", lc::mapping::transfer(model, d.cells, s.name, as_is).label);
  if (d.reference) {
    const std::vector<int> codes = d.reference->cell_columns.codes(s.label, model.options.levels);
    lc::Rng rng(s.seed, 33);
    lc::mapping::NearestLabelsOptions o{.neighbors = s.transfer.neighbors};
    add("nearest cells in the reference's PCs",
        lc::mapping::nearest_labels(*d.reference, codes, labels, d.cells, o, rng));
    o.of = lc::mapping::ComponentsOf::both;
    add("nearest cells in PCs of both", lc::mapping::nearest_labels(*d.reference, codes, labels, d.cells, o, rng));
  }
  return out;
}

void report_scores(const std::vector<lc::mapping::TransferScore>& scores, const std::vector<std::string>& levels,
                   Json& report) {
  say("                                            right  mean F1");
  for (const lc::mapping::TransferScore& row : scores) {
    char line[200];
    std::snprintf(line, sizeof line, "  %-38s %8.3f %8.3f", row.who.c_str(), row.scores.accuracy, row.scores.macro_f1);
    say(line);
    Json each = Json::object();
    for (std::size_t l = 0; l < levels.size(); ++l) {
      if (row.scores.cells[l] > 0) each[levels[l]] = {{"cells", row.scores.cells[l]}, {"f1", row.scores.f1[l]}};
    }
    report["scores"][row.who] = {
        {"accuracy", row.scores.accuracy}, {"f1_macro", row.scores.macro_f1}, {"labels", each}};
  }
}

int run(Settings s) {
  program::begin(s);
  lc::Rng rng(s.seed);
  Json report;
  report["program"] = lc::text("transfer_labels ", lc::version);
  report["settings"] = {{"data", s.data.empty() ? "simulated" : s.data},
                        {"layer", s.layer},
                        {"from", s.from},
                        {"reference", s.reference},
                        {"truth", s.truth},
                        {"generator", program::to_json(static_cast<const program::GeneratorSettings&>(s))},
                        {"rounds", s.transfer.rounds},
                        {"steps", s.transfer.steps},
                        {"neighbors", s.transfer.neighbors},
                        {"seed", s.seed},
                        {"threads", lc::threads()}};
  Data d = load(s, rng);
  if (s.from.empty())
    program::same_run(s, {{"reference", program::files_of({s.reference})}, {"label", s.label}, {"batch", s.batch}});
  std::optional<lc::generation::Model> model;
  if (s.from.empty()) {
    program::note_oddities(*d.reference, s.label);
    const lc::generation::Options o = program::model_options(s, *d.reference);
    auto trained = program::train_generator(s, s, *d.reference, o, report, rng);
    if (!trained) return program::stopped(s);
    model = std::move(trained->model);
  } else {
    model = lc::generation::load(program::model_file(s.from));
    s.label = model->options.label;
    if (d.reference) (void)program::labels_of(*d.reference, s.label, "the model", s.reference);
  }
  if (!s.truth.empty()) check_truth(s, d.cells, model->options.levels);
  const double start = now();
  const auto found = [&] {
    try {
      return lc::mapping::transfer(*model, d.cells, s.name, s.transfer);
    } catch (const std::invalid_argument& e) {
      lc::throw_runtime(s.data.empty() ? "simulated cells" : s.data, ": ", e.what());
    }
  }();
  say(lc::text(found.model.vae.genes(), " genes are shared; ", found.missing,
               " of the model are missing from the new cells, which have ", found.extra, " others"));
  say(lc::text("labelled ", d.cells.cells(), " cells in ", now() - start, " s"));
  report["shared_genes"] = found.model.vae.genes();
  report["missing_genes"] = found.missing;
  report["other_genes"] = found.extra;
  report["transfer_seconds"] = now() - start;

  lc::CellTable out = d.cells;
  const std::vector<std::string>& levels = model->options.levels;
  const std::string column = out.cell_columns.has(s.label) ? "predicted_" + s.label : s.label;
  out.cell_columns.set(column, lc::Categorical{levels, found.label});
  out.cell_columns.set(column + "_confidence", found.confidence);
  out.cell_columns.set(column + "_distance", found.distance);
  out.embeddings["X_latent"] = found.cells.mean;
  lc::io::write_h5ad(s.out, out);
  say("wrote them to " + s.out + ", labels in obs '" + column + "'");
  if (!s.checkpoint.empty()) {
    lc::generation::save(s.checkpoint + "/transferred.safetensors", found.model);
    say("kept the model with the new batch as " + s.checkpoint + "/transferred.safetensors");
  }
  const auto far = std::count_if(found.distance.begin(), found.distance.end(), [](double x) { return x > 2; });
  say(lc::text(far,
               " of them are more than twice as far from what the model remembers as its own cells are from each "
               "other: look at them before believing their labels"));
  if (!s.truth.empty()) {
    const lc::Categorical told = d.cells.obs(s.truth);
    const std::vector<int> truth = lc::recode(told, levels);
    std::vector<double> known, strange;  // distances
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (told.codes[i] >= 0) (truth[i] < 0 ? strange : known).push_back(found.distance[i]);
    }
    report_scores(judge(s, d, *model, found, truth), levels, report);
    report["judged_cells"] = known.size();
    if (!strange.empty()) {
      const double auc = lc::metric::roc_auc(known, strange);
      say(lc::text(strange.size(),
                   " cells have labels that the model does not know: not judged; their distance tells "
                   "them from the others with an AUC of ",
                   auc));
      report["unknown_labels"] = {{"cells", strange.size()}, {"auc_of_distance", auc}};
    }
  }
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  if (!s.plots.empty())
    plots::draw_transfer(s.plots, found.remembered, found.cells, lc::Categorical{levels, found.label}, found.confidence,
                         s.label);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("transfer_labels", [&] { return run(settings); });
}
