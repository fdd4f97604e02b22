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
  std::string embedding, time = "time", holdout, fate, from, paths;
  std::vector<std::string> predict;
  Index dimensions = 10, cells = 1000, window = 0, steps = 20, draws = 20;
  double noise = 0, marginal_relaxation = lc::trajectory::OtPathOptions{}.marginal_relaxation, fate_at = std::nan("");
  bool growth = false;
  int epochs = 0, decoder_epochs = 0;

  bool simulated() const { return data.empty() && embedding.empty(); }

  /// A time range with its text.
  struct Prediction {
    std::string name;
    lc::trajectory::TimeRange time;
  };
  std::vector<Prediction> predictions = {};  ///< distinct ones, that of --holdout first

  /// Fills in what simulated cells are used for, and reads the times to predict.
  void complete() {
    if (simulated() && holdout.empty() && predict.empty() && from.empty()) holdout = "3";
    if (simulated() && fate.empty()) fate = "cell_type";
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
    lc::trajectory::Options o = lc::trajectory::Options::for_cells(train, dimensions);
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
    lc::trajectory::TrainingOptions o;
    o.autoencoder.epochs = decoder_epochs;
    o.autoencoder.seed = seed;
    o.velocity.epochs = epochs;
    o.velocity.seed = seed + 1;
    return o;
  }
  lc::trajectory::FateOptions fate_options() const { return {.draws = draws, .steps = steps, .at = fate_at}; }

  /// Settings that training depends on, for --resume.
  Json training_settings() const {
    return {{"data", files_of({data, embedding})},
            {"time", time},
            {"holdout", holdout},
            {"dimensions", dimensions},
            {"growth", growth},
            {"marginal_relaxation", marginal_relaxation},
            {"noise", noise},
            {"paths", paths},
            {"window", window}};
  }
  Json to_json() const {
    Json json = training_settings();
    json["data"] = data;
    json.update({{"embedding", embedding},
                 {"predict", predict},
                 {"cells", cells},
                 {"fate", fate},
                 {"steps", steps},
                 {"seed", seed},
                 {"threads", lc::threads()},
                 {"from", from}});
    return json;
  }
};

inline TrajectorySettings parse_trajectory(int argc, char** argv) {
  TrajectorySettings s;
  s.out = "predicted.h5ad";
  CLI::App app(
      "Learns how cells move through time from snapshots, and predicts the cells of other times.\n"
      "Without --data or --embedding it runs on simulated cells.");
  auto* data = add_common(app, s);
  auto* embedding = app.add_option("--embedding", s.embedding,
                                   "CSV of coordinates in place of counts: a column of times, the others coordinates")
                        ->excludes(data);
  auto* time =
      app.add_option("--time", s.time, "column of times: numbers, or labels such as 270-330")->capture_default_str();
  app.add_option("--predict", s.predict, "times to predict, a comma between; A-B spreads the cells over a range")
      ->delimiter(',');
  auto* hold = app.add_option("--holdout", s.holdout,
                              "a time or range A-B: its cells are held out, predicted, and the prediction evaluated");
  auto* dimensions =
      app.add_option("--dimensions", s.dimensions, "principal components that cells move in; an embedding has its own")
          ->capture_default_str()
          ->check(CLI::Range(2, 100))
          ->excludes(embedding);
  app.add_option("--cells", s.cells, "cells to predict for each time")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  auto* growth = app.add_flag("--growth", s.growth, "each time's number of cells is the tissue's: it grows");
  auto* relaxation = app.add_option("--marginal-relaxation", s.marginal_relaxation,
                                    "weight of equally many descendants for all cells; larger: more equally; "
                                    "0: exactly equally many")
                         ->capture_default_str()
                         ->check(CLI::Range(0.0, 1e6));
  auto* noise =
      app.add_option("--noise", s.noise, "diffusion over the whole span, in units of the cells' spread; 0: none")
          ->check(CLI::Range(0.0, 100.0));
  auto* paths = app.add_option("--paths", s.paths, "straight, or manifold: along the cells (default for an embedding)")
                    ->check(CLI::IsMember({"straight", "manifold"}));
  auto* window = app.add_option("--window", s.window, "cells on either side of a time step that are coupled at once")
                     ->check(CLI::Range(2, 5000));
  app.add_option("--fate", s.fate, "obs column: fate probabilities of the cells, by the last cells' labels")
      ->excludes(embedding);
  app.add_option("--fate-at", s.fate_at, "time of the fates; else the last of the training cells");
  app.add_option("--draws", s.draws, "paths of each cell for its fate, with --noise")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  app.add_option("--steps", s.steps, "steps of the integrator")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--epochs", s.epochs, "of the velocity; 0 chooses")->check(CLI::Range(0, 1000000000));
  app.add_option("--decoder-epochs", s.decoder_epochs, "of the decoder of counts; 0 chooses")
      ->check(CLI::Range(0, 1000000000));
  auto* from = app.add_option("--from", s.from,
                              "predict with a saved model (a file, or a --checkpoint folder) from the cells of --data "
                              "or --embedding, without training");
  for (CLI::Option* other : {hold, time, dimensions, growth, relaxation, noise, paths, window}) from->excludes(other);
  parse(app, argc, argv);
  return s;
}

}  // namespace program
