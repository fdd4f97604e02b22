// Maps a new data set, of other genes and another origin, onto a trained generator, trains it a little further there,
// and labels the new cells; where their true labels are given, evaluates them.

#include <optional>

#include <latentcell/mapping/mapping.hpp>

#include "support/labelled.hpp"
#include "support/mapping_data.hpp"
#include "support/plot/mapping.hpp"

namespace lc = latentcell;
namespace gen = lc::generation;
namespace mapping = lc::mapping;
using lc::Index;
using program::print_line;
using Settings = program::MappingSettings;

namespace {

// The generator that labels come from: saved, or trained on the reference; nothing where a signal stopped it.
std::optional<gen::Model> generator(Settings& s, const program::MappingData& d, program::Report& report, lc::Rng& rng) {
  if (!s.from.empty()) {
    gen::Model model = gen::load(program::model_file(s.from));
    s.label = model.options.label;
    if (d.reference) (void)program::labels_of(*d.reference, s.label, "the model", s.reference);
    return model;
  }
  program::note_oddities(*d.reference, s.label);
  program::check_resumable(s, {{"reference", program::files_of({s.reference})}}, {"label", "batch", "holdout"});
  auto trained = program::train_generator(s, s, *d.reference, report, rng);
  if (!trained) return std::nullopt;
  return std::move(trained->model);
}

// Writes the query with labels, under its own names of genes.
void write(const Settings& s, const program::MappingData& d, const std::vector<std::string>& levels,
           const mapping::MappedCells& mapped, const program::Report& report) {
  lc::CellTable out = d.query;
  const std::string column = program::set_labels(out, s.label, levels, mapped);
  out.gene_names = d.own_genes;
  program::write_cells(s.out, out, report.provenance(), &d.query);
  print_line(lc::text("wrote ", out.cells(), " cells to ", s.out, ", labels in obs '", column, "'"));
}

int run(Settings s) {
  program::begin(s, {s.reference, s.from});
  lc::Rng rng(s.seed);
  program::Report report("transfer_labels", s);
  program::MappingData d = program::load_mapping(s, rng);
  const std::optional<gen::Model> reference = generator(s, d, report, rng);
  if (!reference) return program::exit_interrupted();
  const std::vector<std::string>& levels = reference->options.levels;
  if (!s.truth.empty()) program::check_truth(s, d.query, levels);
  d.own_genes = program::match_gene_names(d.query, reference->vae.gene_names);

  program::doing("mapping");
  mapping::Model model =
      program::naming(d.name, [&] { return mapping::Model(*reference, d.query.gene_names, s.name, s.mapping); });
  program::training_begins();
  // In memory: --resume may come with another query.
  lc::Stages stages({.progress = program::display(), .notice = program::print_line, .activity = program::doing});
  const lc::CellTable* own = d.reference ? &*d.reference : nullptr;
  if (program::naming(d.name, [&] { return mapping::fit(model, *reference, d.query, stages, own); }) ==
      lc::FitStatus::interrupted)
    return program::exit_interrupted();
  program::doing("labelling");
  const mapping::MappedCells mapped = mapping::predict(model, d.query);
  const Index shared = model.generator.vae.genes(), missing = reference->vae.genes() - shared,
              others = d.query.genes() - shared;
  print_line(lc::text(shared, " genes are shared; ", missing,
                      " of the model are missing from the new cells, which have ", others, " others"));
  report["shared_genes"] = shared;
  report["missing_genes"] = missing;
  report["other_genes"] = others;
  report.add_stages(s, stages, "mapping_loss_curves");
  program::add_parts(report, mapping::part_shares(model));

  write(s, d, levels, mapped, report);
  program::save_checkpoint(s, model.generator, "/transferred.safetensors");
  program::save_checkpoint(s, model, "/mapped.safetensors");
  const auto far = std::count_if(mapped.distance.begin(), mapped.distance.end(), [](double x) { return x > 2; });
  print_line(lc::text(far,
                      " of them are more than twice as far from the reference as its own cells are from each other: "
                      "look at them before trusting their labels"));
  if (!s.truth.empty()) {
    program::doing("evaluating");
    const lc::Categorical truth = d.query.obs(s.truth);
    program::add_evaluation(report, mapping::evaluate(model, mapped, {*reference, d.query, truth, own}));
  }
  report.finish(s, "not evaluated: no true labels were given (--truth or --holdout)");
  if (!s.plots.empty())
    plots::mapped_labels(s.plots, {mapping::replay_latents(model), mapped.latents, mapped.confidence,
                                   lc::Categorical{levels, mapped.label}, s.label, report["scores"]});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::guarded("transfer_labels", [&] { return run(program::parse_mapping(argc, argv)); });
}
