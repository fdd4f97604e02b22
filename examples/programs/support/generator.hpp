#pragma once

#include <optional>
#include <string>
#include <vector>

#include <latentcell/data/filter.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/generation/calibrate_dispersion.hpp>
#include <latentcell/generation/calibrate_gene_means.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/generation/predict.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "program.hpp"

// The two-stage generator as programs train it: one set of choices, two stages that can be stopped.

namespace program {

/// Options of every program that trains a generator.
struct GeneratorSettings {
  std::string label = "cell_type", batch;
  Index latent = 10;
  int autoencoder_epochs = 0, flow_epochs = 0;
};

/// Adds them to a program's own; returned, so that --from can exclude them.
inline std::vector<CLI::Option*> add_generator(CLI::App& app, GeneratorSettings& g) {
  const auto epochs = CLI::Range(0, 1000000000);
  return {
      app.add_option("--autoencoder-epochs", g.autoencoder_epochs, "0 chooses by the number of cells")->check(epochs),
      app.add_option("--flow-epochs", g.flow_epochs, "0 chooses by the number of cells")->check(epochs),
      app.add_option("--latent", g.latent, "dimensions of the latent")
          ->capture_default_str()
          ->check(CLI::Range(2, 512))};
}

inline Json to_json(const GeneratorSettings& g) {
  return {{"label", g.label},
          {"batch", g.batch},
          {"latent", g.latent},
          {"autoencoder_epochs", g.autoencoder_epochs},
          {"flow_epochs", g.flow_epochs}};
}

/// A generator for these cells; the label's levels are those that cells have.
inline lc::generation::Options model_options(const GeneratorSettings& g, const lc::CellTable& train) {
  lc::generation::Options o;
  o.label = g.label;
  const lc::Categorical labels = labels_of(train, g.label, "--label");
  for (std::size_t l = 0; l < labels.levels.size(); ++l) {
    if (labels.count(int(l)) > 0) o.levels.push_back(labels.levels[l]);
  }
  if (o.levels.empty()) lc::throw_runtime("no cell has a label in column '", g.label, "'");
  if (!g.batch.empty()) {
    o.batch = g.batch;
    o.batch_levels = labels_of(train, g.batch, "--batch").levels;
  }
  o.vae.genes = train.genes();
  o.vae.latent = o.backbone.latent = g.latent;
  o.vae.batches = Index(o.batch_levels.size());
  o.vae.prior.labels = Index(o.levels.size());
  // Chosen on parts of training sets (docs/results.md): few cells need strong regularisation, or their noise is
  // learned.
  o.vae.dropout = 0.3f;
  o.vae.kl_weight = 0.5f;
  o.vae.count_thinning = 0.7f;
  o.backbone.width = 192;
  o.backbone.depth = 2;
  return o;
}

inline Json to_json(const lc::generation::Options& o) {
  return {{"latent", o.vae.latent},
          {"hidden", o.vae.hidden},
          {"dropout", o.vae.dropout},
          {"kl_weight", o.vae.kl_weight},
          {"kl_warmup", o.vae.kl_warmup},
          {"count_thinning", o.vae.count_thinning},
          {"dispersion", o.likelihood.dispersion == lc::Dispersion::gene_cell ? "cell" : "gene"},
          {"backbone", "residual_mlp"},
          {"width", o.backbone.width},
          {"depth", o.backbone.depth}};
}

struct TrainedGenerator {
  lc::generation::Model model;
  lc::History autoencoder, flow;
  lc::LatentTable latents;
};

/// Trains both stages on these cells and keeps the model where a --checkpoint folder is given; nothing where a signal
/// stopped it.
inline std::optional<TrainedGenerator> train_generator(const Common& s, const GeneratorSettings& g,
                                                       const lc::CellTable& train, const lc::generation::Options& o,
                                                       Json& report, lc::Rng& rng) {
  TrainedGenerator t{lc::generation::Model(o, rng), {}, {}, {}};
  lc::generation::Model& m = t.model;
  const lc::CellCovariates known{
      .batch = o.batch.empty() ? std::vector<int>{} : train.cell_columns.codes(o.batch, o.batch_levels),
      .label = train.cell_columns.codes(o.label, o.levels)};
  m.record_composition(known.label, known.batch);
  const Index cells = train.cells();
  lc::FitOptions first{.epochs = g.autoencoder_epochs > 0 ? g.autoencoder_epochs : epochs_for(cells, 64, 1700, 8, 200),
                       .batch = 64,
                       .learning_rate = 1e-3f,
                       .seed = s.seed};
  lc::FitOptions second{.epochs = g.flow_epochs > 0 ? g.flow_epochs : epochs_for(cells, 128, 3200, 16, 800),
                        .batch = 128,
                        .learning_rate = 5e-4f,
                        .ema = 0.999f,
                        .seed = s.seed + 1};
  report["training"] = {{"autoencoder", to_json(first)}, {"flow", to_json(second)}};
  say(lc::text("training on ", cells, " cells, ", train.genes(), " genes, ", o.levels.size(), " labels; ",
               lc::parameter_count(m), " parameters"));
  lc::StopOnSignal stop;
  lc::TrainState<float> state;
  m.vae.gene_names = train.gene_names;
  if (!train_stage(s, "autoencoder", m.vae, state, stop, report,
                   [&](auto& st, auto&&... hooks) { lc::fit_from(st, m.vae, train, known, first, hooks...); })) {
    return std::nullopt;
  }
  lc::Rng calibration(s.seed, 11);
  lc::generation::calibrate_dispersion(m.vae, train, known.batch, calibration);
  t.autoencoder = state.history;
  t.latents = lc::encode(m.vae, train);
  lc::TrainState<float> flow_state;
  if (!train_stage(s, "flow", m.flow, flow_state, stop, report,
                   [&](auto& st, auto&&... hooks) { lc::fit_from(st, m.flow, t.latents, second, hooks...); })) {
    return std::nullopt;
  }
  t.flow = flow_state.history;
  lc::generation::calibrate_gene_means(m, train, calibration);
  keep(s, m);
  return t;
}

/// A label's cells in two parts by chance.
struct HeldBack {
  lc::CellTable train, held;
};

/// Keeps a share of the cells of each label out of training.
inline HeldBack hold_back(const lc::CellTable& all, const lc::Categorical& labels, double share, lc::Rng& rng) {
  const lc::Split split = lc::stratified_split(labels, share, rng);
  for (const std::string& level : split.single) say("note: '" + level + "' has a single cell: trained on, not judged");
  return {all.select_cells(split.train), all.select_cells(split.test)};
}

}  // namespace program
