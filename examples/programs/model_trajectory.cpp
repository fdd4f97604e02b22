// Reads snapshots of cells over time, learns their velocity, and predicts the cells of other times, between the
// snapshots or beyond them; what cells become; and how good the prediction of a held-out time is.

#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/simulate_development.hpp>
#include <latentcell/trajectory/trajectory.hpp>

#include "support/plot/trajectory.hpp"
#include "support/read.hpp"
#include "support/stages.hpp"
#include "support/trajectory_options.hpp"
#include "support/write.hpp"

namespace lc = latentcell;
namespace trajectory = latentcell::trajectory;
using program::print_line;
using Settings = program::TrajectorySettings;

namespace {

constexpr std::uint64_t prediction_stream = 9, fate_stream = 13, picture_stream = 17, evaluation_stream = 31;

/// A trained model with the cells to predict from and the held-out cells.
struct Trained {
  trajectory::Model model;
  lc::LatentTable reference = {}, truth = {};
  std::vector<std::string> axes = {};       // of an embedding
  std::optional<lc::CellTable> genes = {};  // of counts: a cell of the data, for what it says of the genes
};

trajectory::Snapshots read(const Settings& s, const std::string& time, lc::Rng& rng) {
  if (!s.embedding.empty()) return trajectory::read_embedding(s.embedding, time);
  trajectory::Snapshots out;
  out.counts = s.data.empty() ? lc::simulate_development({}, rng) : program::read_cells(s, s.data);
  return out;
}

Trained load(const Settings& s, lc::Rng& rng) {
  Trained out{s.load_model()};
  trajectory::Snapshots cells = read(s, out.model.options.time, rng);
  if (out.model.autoencoder && cells.counts)
    cells.counts = program::in_genes_of(*cells.counts, out.model.autoencoder->gene_names, s.data);
  out.reference = trajectory::encode(out.model, cells);
  out.axes = cells.axes;
  if (cells.counts) out.genes = cells.counts->select_cells(std::vector<lc::Index>{0});
  return out;
}

/// Nothing where a signal stopped the training.
std::optional<Trained> train(const Settings& s, lc::Rng& rng, program::Report& report) {
  const auto [cells, held_out, without_time] = program::with_context("", " (--time chooses)", [&] {
    return trajectory::split_times(read(s, s.time, rng), s.time, {.holdout = s.holdout_range()});
  });
  if (without_time > 0) print_line(lc::text("note: ", without_time, " cells without a time are left out"));
  if (!s.holdout.empty() && held_out.cells() == 0)
    print_line(lc::text("note: no cell has a time of ", s.holdout, ": predicted, not evaluated"));
  if (!s.label.empty()) (void)program::labels_of(*cells.counts, s.label, "--label");
  program::check_resumable(s);
  Trained out{trajectory::Model(s.model_options(cells), rng)};
  report["training_cells"] = cells.cells();
  print_line(lc::text("training on ", cells.cells(), " cells in ", out.model.latent(), " dimensions"));
  const lc::CellTable none;
  lc::Stages stages = program::make_stages(s, out.model, cells.counts ? *cells.counts : none);
  if (trajectory::fit(out.model, cells, s.training_options(), stages) == lc::FitStatus::interrupted) return {};
  program::report_mixture(report, out.model.mixture);
  report.add_stages(s, stages);
  program::save_checkpoint(s, out.model);
  out.reference = trajectory::encode(out.model, cells);
  if (held_out.cells() > 0) out.truth = trajectory::encode(out.model, held_out);
  out.axes = cells.axes;
  if (cells.counts) out.genes = cells.counts->select_cells(std::vector<lc::Index>{0});
  return out;
}

void evaluate(const Settings& s, const Trained& t, const lc::LatentTable& predicted, program::Report& report) {
  program::doing("evaluating");
  print_line(lc::text("time ", s.holdout, ", ", t.truth.cells(), " held-out cells"));
  report["scores"] = report.scored(trajectory::evaluate(t.model, {t.reference, t.truth, predicted, *s.holdout_range()},
                                                        lc::Rng(s.seed, evaluation_stream)));
}

void report_fates(const Settings& s, const Trained& t, program::Report& report) {
  program::doing("following cells to their fates");
  lc::Rng rng(s.seed, fate_stream);
  const trajectory::FateReport fates = trajectory::fate_report(t.model, t.reference, s.label, s.fate_options(), rng);
  print_line("fates: mean probability, and the share of cells with a settled fate\n" + fates.to_text());
  for (const auto& of : fates.labels) {
    program::Json shares = program::Json::array();
    for (const auto& [name, probability] : of.fates) shares.push_back({{"label", name}, {"probability", probability}});
    report["fates"].push_back({{"label", of.label}, {"cells", of.cells}, {"settled", of.settled}, {"fates", shares}});
  }
  report["settled_by_time"] = fates.settled_by_time;
}

void draw(const Settings& s, const Trained& t, const std::vector<lc::LatentTable>& predicted,
          const program::Json& scores) {
  lc::Rng rng(s.seed, picture_stream);
  const auto paths = trajectory::early_cell_paths(t.model, t.reference, 40, rng);
  const lc::Matrix<float> reference = t.model.coordinates(t.reference.mean), truth = t.model.coordinates(t.truth.mean);
  const std::vector<double> time = lc::read_times(t.reference.cell_columns, t.model.options.time);
  for (std::size_t k = 0; k < predicted.size(); ++k) {
    plots::trajectory(
        s.plots, {reference, time, paths, t.model.coordinates(predicted[k].mean), k == 0 ? truth : lc::Matrix<float>()},
        {t.axes.empty() ? "PC 1" : t.axes[0], t.axes.empty() ? "PC 2" : t.axes[1], s.predictions[k].name,
         k == 0 ? plots::compared(scores, "w2") : ""});
  }
}

int run(Settings s) {
  program::begin(s, {s.embedding, s.from});
  s.complete();
  lc::Rng rng(s.seed), own(s.seed, prediction_stream);
  program::Report report("model_trajectory", s);
  const std::optional<Trained> trained = s.from.empty() ? train(s, rng, report) : load(s, rng);
  if (!trained) return program::exit_interrupted();
  const trajectory::Model& model = trained->model;
  const lc::LatentTable& reference = trained->reference;
  program::training_begins();
  program::doing("predicting");
  const double start = program::now();
  lc::CellTable out;
  std::vector<lc::LatentTable> predicted;
  for (const auto& [name, time] : s.predictions) {
    predicted.push_back(
        trajectory::interpolate_at(model, reference, {.time = time, .cells = s.count, .steps = s.steps}, own));
    lc::LatentTable cells = predicted.back();
    for (std::string& cell : cells.cell_names) cell = name + "_" + cell;
    if (!s.label.empty()) {
      lc::Rng draws(s.seed, fate_stream);
      const auto fates = trajectory::fate_probabilities(model, cells, reference, s.label, s.fate_options(), draws);
      trajectory::annotate_fates(cells, fates, reference.cell_columns.labels(s.label));
    }
    lc::append_cells(out, trajectory::decode_cells(model, cells, trained->axes, own));
  }
  program::write_new_cells(s.out, out, "predicted", report.provenance(), trained->genes ? &*trained->genes : nullptr);
  print_line(lc::text("wrote ", out.cells(), " cells to ", s.out, " in ", lc::clock_text(program::now() - start)));
  report["prediction"] = {{"cells", out.cells()}, {"seconds", program::now() - start}};
  if (trained->truth.cells() >= 4) evaluate(s, *trained, predicted.front(), report);
  if (!s.label.empty() && s.from.empty()) report_fates(s, *trained, report);
  report.finish(s, "not evaluated: no cells of the predicted times were held out (--holdout)");
  if (!s.plots.empty() && model.latent() >= 2) draw(s, *trained, predicted, report["scores"]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = program::parse_trajectory(argc, argv);
  return program::guarded("model_trajectory", [&] { return run(settings); });
}
