// Maps a new data set, of other genes and another origin, onto a trained generator, trains it a little further there,
// and labels the new cells; where their true labels are given, evaluates them.

#include <optional>

#include <latentcell/data/simulate.hpp>
#include <latentcell/mapping/mapping.hpp>

#include "support/generator.hpp"
#include "support/mapping_options.hpp"
#include "support/plot/mapping.hpp"
#include "support/write.hpp"

namespace lc = latentcell;
namespace gen = lc::generation;
namespace mapping = lc::mapping;
using lc::Index;
using program::print_line;
using Settings = program::MappingSettings;

namespace {
struct Data {
  std::optional<lc::CellTable> reference;
  lc::CellTable query;
  std::string name;                         // of the query's file
  std::vector<std::string> own_genes = {};  // of the query, before they were matched
};

// Throws where there is nothing to evaluate with.
void check_truth(const Settings& s, const lc::CellTable& query, const std::vector<std::string>& levels) {
  const lc::Categorical labels = program::labels_of(query, s.truth, "--truth", s.data);
  const std::vector<int> truth = lc::recode(labels, levels);
  if (std::all_of(truth.begin(), truth.end(), [](int c) { return c < 0; }))
    lc::throw_runtime("--truth: none of the labels in '", s.truth, "' (", labels.list(), ") is one of the model (",
                      lc::Categorical{levels, {}}.list(), ")");
}

// Ends the run now for what would end it after training.
void check_before_training(const Settings& s, const Data& d) {
  const lc::Categorical labels = program::labels_of(*d.reference, s.label, "--label", s.reference);
  (void)program::in_genes_of(d.query, d.reference->gene_names, d.name);
  if (!s.truth.empty()) check_truth(s, d.query, labels.levels);
  if (s.batch_covariate.empty()) return;
  const lc::Categorical levels = program::labels_of(*d.reference, s.batch_covariate, "--batch", s.reference);
  if (levels.find_code(s.name)) lc::throw_runtime("--name: '", s.name, "' is a level of the batch covariate already");
}

// One tissue with a batch covariate of two levels; the second is the query, with others for a fifth of the genes.
Data simulated(Settings& s, lc::Rng& rng) {
  const auto all = lc::simulate({.cells = 4000, .batch_covariate_levels = 2, .batch_effect_strength = 0.5}, rng);
  mapping::HeldOutQuery cells = mapping::hold_out_query(all, "batch", all.obs("batch").levels[1]);
  for (std::size_t g = 0; g < cells.query.gene_names.size(); g += 5) cells.query.gene_names[g] = lc::text("other_", g);
  s.truth = s.label;
  s.name = "simulated";
  return {std::move(cells.reference), std::move(cells.query), "simulated cells"};
}

Data load(Settings& s, lc::Rng& rng) {
  Data d;
  if (s.data.empty()) {
    d = simulated(s, rng);
  } else {
    if (s.from.empty() && s.reference.empty())
      lc::throw_runtime("choose where labels come from: --from a saved model, or --reference labelled cells");
    d.query = program::read_cells(s, s.data);
    d.name = s.data;
    if (!s.reference.empty()) d.reference = program::read_cells(s, s.reference);
    if (s.name.empty()) s.name = std::filesystem::path(s.data).stem().string();
    if (!s.truth.empty()) (void)program::labels_of(d.query, s.truth, "--truth", s.data);
  }
  if (s.from.empty()) check_before_training(s, d);
  return d;
}

// The generator that labels come from: saved, or trained on the reference; nothing where a signal stopped it.
std::optional<gen::Model> generator(Settings& s, const Data& d, program::Json& report, lc::Rng& rng) {
  if (!s.from.empty()) {
    gen::Model model = gen::load(program::model_file(s.from));
    s.label = model.options.label;
    if (d.reference) (void)program::labels_of(*d.reference, s.label, "the model", s.reference);
    return model;
  }
  program::check_resumable(
      s, {{"reference", program::files_of({s.reference})}, {"label", s.label}, {"batch", s.batch_covariate}});
  program::note_oddities(*d.reference, s.label);
  auto trained = program::train_generator(s, s, *d.reference, report, rng);
  if (!trained) return std::nullopt;
  return std::move(trained->model);
}

int run(Settings s) {
  program::begin(s, {s.reference, s.from});
  lc::Rng rng(s.seed);
  program::Json report = {{"program", lc::text("transfer_labels ", lc::version)}, {"settings", program::to_json(s)}};
  Data d = load(s, rng);
  const std::optional<gen::Model> reference = generator(s, d, report, rng);
  if (!reference) return program::exit_interrupted(s);
  const std::vector<std::string>& levels = reference->options.levels;
  if (!s.truth.empty()) check_truth(s, d.query, levels);
  d.own_genes = program::match_gene_names(d.query, reference->vae.gene_names);
  mapping::Model model =
      program::naming(d.name, [&] { return mapping::Model(*reference, d.query.gene_names, s.name, s.mapping); });
  lc::Stages stages({.notice = program::print_line});  // in memory: --resume may come with another query
  if (program::naming(d.name, [&] { return mapping::fit(model, *reference, d.query, stages); }) ==
      lc::FitStatus::interrupted)
    return program::exit_interrupted(s);
  const mapping::MappedCells mapped = mapping::predict(model, d.query);
  const Index shared = model.generator.vae.genes(), missing = reference->vae.genes() - shared;
  print_line(lc::text(shared, " genes are shared; ", missing,
                      " of the model are missing from the new cells, which have ", d.query.genes() - shared,
                      " others"));
  report.update({{"shared_genes", shared}, {"missing_genes", missing}, {"other_genes", d.query.genes() - shared}});
  program::add_stages(report, stages);

  lc::CellTable out = d.query;
  const std::string column = out.cell_columns.has(s.label) ? "predicted_" + s.label : s.label;
  out.cell_columns.set(column, lc::Categorical{levels, mapped.label});
  out.cell_columns.set(column + "_confidence", mapped.confidence);
  out.cell_columns.set(column + "_distance", mapped.distance);
  program::keep_embedding(out, "X_latentcell");
  out.embeddings["X_latentcell"] = mapped.latents.mean;
  out.gene_names = d.own_genes;
  program::write_cells(s.out, out, report, &d.query);
  print_line(lc::text("wrote ", out.cells(), " cells to ", s.out, ", labels in obs '", column, "'"));
  if (!s.checkpoint.empty()) {
    gen::save(s.checkpoint + "/transferred.safetensors", model.generator);
    mapping::save(s.checkpoint + "/mapped.safetensors", model);
  }
  const auto far = std::count_if(mapped.distance.begin(), mapped.distance.end(), [](double x) { return x > 2; });
  print_line(lc::text(far,
                      " of them are more than twice as far from the reference as its own cells are from each other: "
                      "look at them before trusting their labels"));
  if (!s.truth.empty()) {
    const lc::Categorical truth = d.query.obs(s.truth);
    program::add_evaluation(
        report, mapping::evaluate(model, mapped, {*reference, d.query, truth, d.reference ? &*d.reference : nullptr}));
  }
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  if (!s.plots.empty())
    plots::mapped_labels(s.plots, {mapping::replay_latents(model), mapped.latents,
                                   lc::Categorical{levels, mapped.label}, mapped.confidence, s.label});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::guarded("transfer_labels", [&] { return run(program::parse_mapping(argc, argv)); });
}
