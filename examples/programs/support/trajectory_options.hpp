#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/trajectory/fates.hpp>
#include <latentcell/trajectory/fit.hpp>

#include "report.hpp"
#include "stages.hpp"

namespace program {

/// Returns what a call returns; where it throws, with words before and after the message.
template <class F>
auto with_context(const std::string& before, const std::string& after, const F& call) {
  try {
    return call();
  } catch (const std::exception& e) {
    lc::throw_runtime(before, e.what(), after);
  }
}

/// The command line of model_trajectory.
struct TrajectorySettings : Common {
  std::string embedding, time = "time", holdout, label, from, paths;
  std::vector<std::string> predict;
  Index components = 10, count = 1000, window = 0, steps = 20, draws = 20;
  double noise = 0, marginal_relaxation = lc::trajectory::OtPathOptions{}.marginal_relaxation, fate_at = std::nan("");
  bool growth = false;
  lc::trajectory::TrainingOptions training;

  bool simulated() const { return data.empty() && embedding.empty(); }

  /// A time range with its text.
  struct Prediction {
    std::string name;
    lc::trajectory::TimeRange time;
  };
  std::vector<Prediction> predictions = {};  ///< distinct ones, that of --holdout first

  /// Fills in what simulated cells are used for, and reads the times to predict.
  void complete() {
    if (simulated() && holdout.empty() && predict.empty() && from.empty())
      set_for_simulated<std::string>(*this, "holdout", holdout, "3");
    if (simulated() && label.empty()) set_for_simulated<std::string>(*this, "label", label, "cell_type");
    const auto add = [&](const std::string& name, const char* option) {
      const lc::trajectory::TimeRange t =
          with_context(lc::text(option, ": "), "", [&] { return lc::trajectory::TimeRange::parse(name); });
      const auto same = [&](const Prediction& p) { return p.time.from == t.from && p.time.to == t.to; };
      if (std::none_of(predictions.begin(), predictions.end(), same)) predictions.push_back({name, t});
    };
    if (!holdout.empty()) add(holdout, "--holdout");
    for (const std::string& name : predict) add(name, "--predict");
    if (predictions.empty()) lc::throw_runtime("say which times to predict (--predict or --holdout)");
    if (simulated() && !from.empty()) lc::throw_runtime("--from needs the cells to start from (--data or --embedding)");
  }

  /// The model of --from, which must be of the kind of the cells.
  lc::trajectory::Model load_model() const {
    lc::trajectory::Model model = lc::trajectory::load(model_file(from));
    if (!embedding.empty() && model.autoencoder)
      lc::throw_runtime(from, ": the model was trained on counts, but --embedding has coordinates");
    return model;
  }
  std::optional<lc::trajectory::TimeRange> holdout_range() const {
    if (holdout.empty()) return {};
    return predictions.front().time;
  }
  lc::trajectory::Options model_options(const lc::trajectory::Snapshots& train) const {
    lc::trajectory::Options o = lc::trajectory::Options::for_cells(train, components);
    if (paths == "straight") o.paths = {};
    if (paths == "manifold") o.paths = lc::trajectory::OtPathOptions::along_manifold();
    if (window > 0) o.paths.window = window;
    o.paths.growth = growth;
    o.paths.marginal_relaxation = marginal_relaxation;
    o.velocity.noise = noise;
    o.time = time;
    return o;
  }
  lc::trajectory::TrainingOptions training_options() const {
    lc::trajectory::TrainingOptions o = training;
    o.autoencoder.seed = seed;
    o.velocity.seed = seed + 1;
    return o;
  }
  lc::trajectory::FateOptions fate_options() const { return {.draws = draws, .steps = steps, .at = fate_at}; }
};

inline About about_trajectory() {
  return {"model_trajectory",
          "Learns how cells move through time from snapshots, and predicts the cells of other times.\n"
          "Without --data or --embedding it runs on simulated cells.",
          {"model_trajectory --data embryo.h5ad --time embryo_time --holdout 390-449 --label cell_type",
           "model_trajectory --embedding coordinates.csv --time samples --predict 0.5,1 --growth"},
          {{"--fate", "use --label, the obs column that fates are of"},
           {"--dimensions", "use --components"},
           {"--cells", "use --count"},
           {"--epochs", "use --velocity-epochs, or --decoder-epochs"},
           {"--learning-rate", "use --velocity-learning-rate, or --decoder-learning-rate"}}};
}

inline TrajectorySettings parse_trajectory(int argc, char** argv) {
  const About about = about_trajectory();
  TrajectorySettings s;
  s.out = "predicted.h5ad";
  CLI::App app;
  auto* data = add_input(app, s);
  auto* embedding = app.add_option("--embedding", s.embedding,
                                   "CSV of coordinates in place of counts: a column of times, the others coordinates")
                        ->excludes(data);
  auto* time = app.add_option("--time", s.time, "column of times: numbers, or labels such as 270-330");
  app.add_option("--label", s.label, "obs column of labels: fate probabilities of the cells, by the last cells' labels")
      ->excludes(embedding);
  begin_group(app, group::training);
  auto* components = app.add_option("--components", s.components,
                                    "principal components that cells move in; an embedding has its own dimensions")
                         ->check(CLI::Range(2, 100))
                         ->excludes(embedding);
  auto* growth = app.add_flag("--growth", s.growth, "each time's number of cells is the tissue's: it grows");
  auto* relaxation = app.add_option("--marginal-relaxation", s.marginal_relaxation,
                                    "weight of equally many descendants for all cells; larger: more equally; "
                                    "0: exactly equally many")
                         ->check(CLI::Range(0.0, 1e6));
  auto* noise =
      app.add_option("--noise", s.noise, "diffusion over the whole span, in units of the cells' spread; 0: none")
          ->check(CLI::Range(0.0, 100.0));
  auto* paths = app.add_option("--paths", s.paths, "straight, or manifold: along the cells (default for an embedding)")
                    ->check(CLI::IsMember({"straight", "manifold"}));
  auto* window = app.add_option("--window", s.window, "cells on either side of a time step that are coupled at once")
                     ->check(CLI::Range(2, 5000))
                     ->default_str("");
  lc::FitOptions &velocity = s.training.velocity, &decoder = s.training.autoencoder;
  add_member(app, "--velocity-epochs", velocity, velocity.epochs, "0: by the dimensions");
  add_member(app, "--velocity-learning-rate", velocity, velocity.learning_rate, "a third where the loss jumps");
  add_member(app, "--velocity-batch-size", velocity, velocity.batch, "paths in a minibatch");
  app.add_option("--nested-fits", s.training.mixture.fits,
                 "velocities trained without inner times, to choose what predicts the cells between snapshots; 0: none")
      ->check(CLI::Range(0, 2));
  add_member(app, "--decoder-epochs", decoder, decoder.epochs, "of the decoder of counts; 0: by the number of cells");
  add_member(app, "--decoder-learning-rate", decoder, decoder.learning_rate, "a third where the loss jumps");
  begin_group(app, group::prediction);
  auto* from = app.add_option("--from", s.from,
                              "predict with a saved model (a file, or a --checkpoint folder) from the cells of --data "
                              "or --embedding, without training");
  app.add_option("--predict", s.predict, "times to predict, a comma between; A-B spreads the cells over a range")
      ->delimiter(',');
  app.add_option("--count", s.count, "cells to predict for each time")->check(CLI::Range(1, 100000000));
  app.add_option("--fate-at", s.fate_at, "time of the fates; else the last of the training cells");
  app.add_option("--draws", s.draws, "paths of each cell for its fate, with --noise")->check(CLI::Range(1, 100000));
  app.add_option("--steps", s.steps, "steps of the integrator")->check(CLI::Range(1, 10000));
  begin_group(app, group::evaluation);
  auto* hold = app.add_option("--holdout", s.holdout,
                              "a time or range A-B: its cells are held out, predicted, and the prediction evaluated")
                   ->type_name("TIME");
  add_output_and_run(app, s);
  for (CLI::Option* other : {hold, time, components, growth, relaxation, noise, paths, window}) from->excludes(other);
  parse(app, s, about, argc, argv);
  return s;
}

/// Prints and reports what predicts the cells between snapshots.
inline void report_mixture(Report& report, const lc::trajectory::SnapshotMixture& of) {
  print_line(of.to_text());
  Json parts = Json::array();
  for (Index k = 0; k < of.share.value.cols(); ++k)
    parts.push_back({{"name", lc::trajectory::snapshot_part_names[lc::to_size(k)]},
                     {"share", of.share.value(0, k)},
                     {"nested_w1", number(of.nested_w1.value(0, k))}});
  report["mixture"] = {{"stretches", of.stretches.value(0, 0)}, {"parts", parts}};
}

/// Ends the run now where its stages are of other data or settings.
inline void check_resumable(const TrajectorySettings& s) {
  check_resumable(s, {{"data", files_of({s.data, s.embedding})}}, {"time", "holdout"});
}

}  // namespace program
