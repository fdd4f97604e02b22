#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/generation/fit.hpp>
#include <latentcell/generation/holdout.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/generation/options_for.hpp>

#include "read.hpp"
#include "stages.hpp"

// What programs that train a generator share: its options, training and hold-out.

namespace program {

/// Random streams of programs that generate: of what is drawn after training, and of corrected counts.
inline constexpr std::uint64_t generation_stream = 7, correction_stream = 13;

/// Options of every program that trains a generator.
struct GeneratorSettings {
  std::string label = "cell_type", batch_covariate;
  Index latent = 10;
  int autoencoder_epochs = 0, flow_epochs = 0;
};

/// Adds them to a program's own; returned, so that --from can exclude them.
inline std::vector<CLI::Option*> add_generator(CLI::App& app, GeneratorSettings& g) {
  const auto epochs = whole_number();
  return {
      app.add_option("--autoencoder-epochs", g.autoencoder_epochs, "0 chooses by the number of cells")->check(epochs),
      app.add_option("--flow-epochs", g.flow_epochs, "0 chooses by the number of cells")->check(epochs),
      app.add_option("--latent", g.latent, "dimensions of the latent")
          ->capture_default_str()
          ->check(CLI::Range(2, 512))};
}

inline Json to_json(const GeneratorSettings& g) {
  return {{"label", g.label},
          {"batch", g.batch_covariate},
          {"latent", g.latent},
          {"autoencoder_epochs", g.autoencoder_epochs},
          {"flow_epochs", g.flow_epochs}};
}

inline Json to_json(const lc::generation::Options& o) {
  return {{"latent", o.vae.latent},
          {"hidden", o.vae.hidden},
          {"dropout", o.vae.dropout},
          {"kl_weight", o.vae.kl_weight},
          {"kl_warmup", o.vae.kl_warmup},
          {"count_thinning", o.vae.count_thinning},
          {"dispersion", o.likelihood.dispersion == lc::Dispersion::gene_cell ? "gene_cell" : "gene"},
          {"backbone", "residual_mlp"},
          {"width", o.backbone.width},
          {"depth", o.backbone.depth}};
}

/// The options of a generator for these cells; a missing column names the option that chooses it.
inline lc::generation::Options generator_options(const GeneratorSettings& g, const lc::CellTable& train) {
  lc::generation::Options o;
  o.label = g.label;
  o.batch_covariate = g.batch_covariate;
  o.vae.latent = o.backbone.latent = g.latent;
  (void)labels_of(train, g.label, "--label");
  if (!g.batch_covariate.empty()) (void)labels_of(train, g.batch_covariate, "--batch");
  return lc::generation::options_for(train, o);
}

/// Codes of labels that an option names.
inline std::vector<int> level_codes(const std::vector<std::string>& names, const char* option,
                                    const lc::generation::Options& o) {
  std::vector<int> codes;
  for (const std::string& name : split_levels(names, o.levels))
    codes.push_back(level_of({o.levels, {}}, name, option, o.label));
  return codes;
}

/// The two labels of --interpolate.
inline std::vector<std::string> two_levels(const std::vector<std::string>& names, const lc::generation::Options& o) {
  std::vector<std::string> out = split_levels(names, o.levels);
  if (out.size() != 2) lc::throw_runtime("--interpolate: needs two labels, a comma between, got ", out.size());
  (void)level_codes(out, "--interpolate", o);
  return out;
}

/// Returns what `get` returns; an argument that it refuses is an error that names the file.
template <class Get>
auto naming(const std::string& file, const Get& get) {
  try {
    return get();
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file, ": ", e.what());
  }
}

/// A generator with what its training did.
struct TrainedGenerator {
  lc::generation::Model model;
  lc::Stages stages;
};

/// Trains a generator and saves it where a --checkpoint folder is given; nothing where a signal stopped it.
inline std::optional<TrainedGenerator> train_generator(const Common& s, const GeneratorSettings& g,
                                                       const lc::CellTable& train, Json& report, lc::Rng& rng) {
  const lc::generation::Options o = generator_options(g, train);
  TrainedGenerator t{lc::generation::Model(o, rng), make_stages(s)};
  print_line(lc::text("training on ", train.cells(), " cells, ", train.genes(), " genes, ", o.levels.size(),
                      " labels; ", lc::parameter_count(t.model), " parameters"));
  report["model"] = to_json(o);
  report["training_cells"] = train.cells();
  report["training_genes"] = train.genes();
  const lc::FitStatus status = lc::generation::fit(
      t.model, train, {.autoencoder_epochs = g.autoencoder_epochs, .flow_epochs = g.flow_epochs, .seed = s.seed},
      t.stages);
  if (status == lc::FitStatus::interrupted) return std::nullopt;
  add_stages(report, t.stages);
  save_checkpoint(s, t.model);
  return t;
}

/// Cells to train on, and held-out ones where there are any.
struct TrainTest {
  lc::CellTable train;
  std::optional<lc::CellTable> test;
};

/// Holds a share of the cells of each label out of training; 0: none.
inline TrainTest hold_out(lc::CellTable all, const std::string& label, double share, lc::Rng& rng) {
  if (share == 0) return {std::move(all), std::nullopt};
  lc::generation::HeldOutCells cells = lc::generation::hold_out(all, label, share, rng);
  for (const std::string& level : cells.single)
    print_line("note: '" + level + "' has a single cell: trained on, not evaluated");
  return {std::move(cells.train), std::move(cells.test)};
}

}  // namespace program
