// Reads single-cell counts, trains an autoencoder and a rectified flow in its latent space, generates cells, evaluates
// them on cells held out of training, and writes them where scanpy opens them.

#include <optional>

#include <latentcell/generation/generation.hpp>

#include "support/generated_cells.hpp"
#include "support/generation_data.hpp"
#include "support/plot/generation.hpp"
#include "support/write.hpp"

namespace lc = latentcell;
namespace gen = lc::generation;
using program::print_line;
using Settings = program::GenerationSettings;

namespace {

// Generates paths between two labels; with training cells, evaluates them.
void interpolate(const Settings& s, const gen::Model& m, const lc::CellTable* train, program::Report& report,
                 lc::Rng& rng) {
  const std::string &a = s.interpolate[0], &b = s.interpolate[1], &label = m.options.label;
  const gen::InterpolateOptions o{.paths = s.count ? s.count : 100, .steps = s.steps, .guidance = float(s.guidance)};
  program::training_begins();
  program::doing("generating paths");
  const lc::LatentTable z = gen::interpolate(m.flow, {{label, a}}, {{label, b}}, o, rng);
  const lc::CellTable cells = draw(m.vae, z, rng);
  program::write_new_cells(s.out, cells, "generated", report.provenance(), train);
  print_line(lc::text("wrote ", o.paths, " paths of ", o.points, " cells from ", a, " to ", b, " to ", s.out));
  if (train == nullptr) return;
  program::doing("evaluating paths");
  const gen::InterpolationScores steps = gen::evaluate_interpolation(*train, m, {cells, z, o}, {a, b}, s.seed);
  report["steps"] = program::to_json(steps, a, b);
  report["scores"] = report.scored(steps.table());
}

// Writes the training cells as of one level of the batch covariate, and scores how its levels mix.
void correct(const Settings& s, const gen::Model& m, const lc::CellTable& cells, program::Report& report) {
  const gen::Composition of = gen::composition_of(m, cells);
  const lc::Categorical batch_covariate{m.options.batch_covariate_levels, of.batch_covariate};
  const int to = s.to_batch.empty() ? gen::largest_level(batch_covariate)
                                    : program::level_of(batch_covariate, s.to_batch, "--to-batch", s.batch_covariate);
  program::doing("correcting for the batch covariate");
  lc::Rng rng(s.seed, program::correction_stream);
  const lc::CellTable corrected = gen::transform_batch(m.vae, cells, to, rng);
  program::write_corrected(s.corrected, corrected, report.provenance(), cells);
  print_line(lc::text("wrote the cells as of batch '", batch_covariate.levels[lc::to_size(to)], "' to ", s.corrected));
  program::evaluate_if_possible(report, "batch_correction", [&] {
    report["batch_correction"] = report.scored(gen::evaluate_batch_correction(cells, corrected, of, rng));
  });
}

int from_model(Settings& s, program::Report& report) {
  lc::Rng rng(s.seed);
  const gen::Model m = gen::load(program::model_file(s.from));
  const std::vector<int> types = program::codes_of_types(s, m.options);
  if (!s.interpolate.empty()) interpolate(s, m, nullptr, report, rng);
  if (s.interpolate.empty()) {
    const gen::CompositionSampler target(gen::training_composition(m), {types, s.count}, rng);
    if (!program::generate(s, m, target, rng, report)) return program::exit_interrupted();
  }
  report.finish(s, "not evaluated: a saved model was given no cells to compare with");
  return 0;
}

int run(Settings s) {
  program::begin(s, {s.test_data, s.gene_sets, s.from}, {s.corrected});
  if (s.out_is_folder) gen::require_no_other_cells(s.out);
  program::Report report("generate_cells", s);
  if (!s.from.empty()) return program::is_first() ? from_model(s, report) : 0;
  lc::Rng rng(s.seed), draws(s.seed, program::generation_stream);
  const program::TrainTest d = program::load_generation(s, rng, report);
  const gen::Options o = program::generator_options(s, d.header());
  const std::vector<int> types = program::codes_of_types(s, o);
  if (!s.corrected.empty()) program::check_correctable(s, d.train);
  const auto sets = program::gene_sets(s, d);
  program::check_resumable(s, {{"data", program::files_of(s.files)}},
                           {"label", "batch", "genes", "holdout", "stream", "stream_memory"});
  const auto trained = d.streamed ? program::train_generator(s, s, d.streamed->table, report, rng)
                                  : program::train_generator(s, s, d.train, report, rng);
  if (!trained) return program::exit_interrupted();
  if (!program::is_first()) return 0;  // the first rank generates, evaluates and writes
  const gen::Model& m = trained->model;
  if (!s.corrected.empty()) correct(s, m, d.train, report);
  std::optional<program::GeneratedCells> made;
  if (s.interpolate.empty()) {
    const gen::Composition all = gen::composition_of(m, d.header());
    const gen::CompositionSampler target(all, {types, program::count_to_generate(s, d, all, types)}, draws);
    made = program::generate(s, m, target, draws, report, &d.train);
    if (!made) return program::exit_interrupted();
    if (d.test) program::evaluate(s, m, *made, {d.train, *d.test, target, sets}, report, draws);
  } else {
    interpolate(s, m, &d.train, report, draws);
  }
  report.finish(s, "not evaluated: no cells were held out of training (--holdout or --test-data)");
  if (!s.plots.empty() && made)
    plots::generation(s.plots, {d.train, program::shown(*made), encode(m.vae, d.train), s.label, s.batch_covariate});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::on_ranks(argc, argv, [&] {
    return program::guarded("generate_cells", [&] { return run(program::parse_generation(argc, argv)); });
  });
}
