#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/generation/fit.hpp>
#include <latentcell/generation/holdout.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/generation/options_for.hpp>

#include "ranks.hpp"
#include "read.hpp"
#include "stages.hpp"
#include "streamed_cells.hpp"

// What programs that train a generator share: its options, training and hold-out.

namespace program {

/// Random streams of programs that generate: of what is drawn after training, and of corrected counts.
inline constexpr std::uint64_t generation_stream = 7, correction_stream = 13;

/// Options of every program that trains a generator.
struct GeneratorSettings {
  std::string label = "cell_type", batch_covariate;
  lc::generation::Options model;
  lc::generation::TrainingOptions training;
};

/// Adds them to a program's own; returned, so that --from can exclude them.
inline std::vector<CLI::Option*> add_generator(CLI::App& app, GeneratorSettings& g) {
  begin_group(app, group::training);
  auto& vae = g.model.vae;
  auto& t = g.training;
  return {add_member(app, "--autoencoder-epochs", t, t.autoencoder_epochs, "0: by the number of cells"),
          add_member(app, "--flow-epochs", t, t.flow_epochs, "0: by the number of cells"),
          add_member(app, "--latent", vae, vae.latent, "dimensions of the latent"),
          add_member(app, "--hidden", vae, vae.hidden, "widths of the encoder, a comma between")->delimiter(','),
          add_member(app, "--dropout", vae, vae.dropout, "of the autoencoder; larger: stronger regularisation"),
          add_member(app, "--kl-weight", vae, vae.kl_weight, "of the KL term; smaller: sharper cells"),
          add_member(app, "--count-thinning", vae, vae.count_thinning, "share of the counts that the encoder is given"),
          add_member(app, "--width", g.model.backbone, g.model.backbone.width, "of the flow's network"),
          add_member(app, "--depth", g.model.backbone, g.model.backbone.depth, "blocks of the flow's network"),
          add_member(app, "--label-dropout", g.model.flow, g.model.flow.label_dropout,
                     "share of cells trained on as without a label, for --guidance"),
          add_member(app, "--autoencoder-learning-rate", t.autoencoder, t.autoencoder.learning_rate,
                     "a third where the loss jumps or is nan"),
          add_member(app, "--flow-learning-rate", t.flow, t.flow.learning_rate, "likewise"),
          add_member(app, "--accumulate", t.autoencoder, t.autoencoder.accumulate,
                     "minibatches in a step of both stages, which the ranks of generate_cells_mpi share"),
          add_member(app, "--autoencoder-batch-size", t.autoencoder, t.autoencoder.batch, "cells in a minibatch"),
          add_member(app, "--flow-batch-size", t.flow, t.flow.batch, "cells in a minibatch")};
}

/// Sentences about options that there are for each stage.
inline std::map<std::string, std::string> per_stage(std::map<std::string, std::string> retired = {}) {
  for (const char* what : {"epochs", "learning-rate", "batch-size"})
    retired[std::string("--") + what] =
        std::string("there is one for each stage: --autoencoder-") + what + " and --flow-" + what;
  return retired;
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
  lc::generation::Options o = g.model;
  o.label = g.label;
  o.batch_covariate = g.batch_covariate;
  o.backbone.latent = o.vae.latent;
  (void)labels_of(train, g.label, "--label");
  if (!g.batch_covariate.empty()) (void)labels_of(train, g.batch_covariate, "--batch");
  return lc::generation::options_for(train, o);
}

/// Takes the list of an option apart and returns the codes of its labels.
inline std::vector<int> level_codes(Common& s, const std::string& option, std::vector<std::string>& names,
                                    const lc::generation::Options& o) {
  split_levels(s, option, names, o.levels);
  std::vector<int> codes;
  for (const std::string& name : names) codes.push_back(level_of({o.levels, {}}, name, option, o.label));
  return codes;
}

/// Returns what `get` returns; an argument that it refuses is an error that names the file.
template <class Get>
auto naming(const std::string& file, const Get& get) {
  try {
    return get();
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file, ": ", sentence(e));
  }
}

/// A generator with what its training did.
struct TrainedGenerator {
  lc::generation::Model model;
  lc::Stages stages;
};

/// Trains a generator on cells in memory or streamed, and saves it where a --checkpoint folder is given; nothing where
/// a signal stopped it.
template <lc::TableOfCells Cells>
std::optional<TrainedGenerator> train_generator(const Common& s, const GeneratorSettings& g, const Cells& train,
                                                Report& report, lc::Rng& rng) {
  const lc::generation::Options o = generator_options(g, lc::header_of(train));
  TrainedGenerator t{lc::generation::Model(o, rng), {}};
  t.stages = make_stages(s, t.model, train);
  print_line(lc::text("training on ", train.cells(), " cells, ", train.genes(), " genes, ", o.levels.size(),
                      " labels; ", lc::parameter_count(t.model), " parameters"));
  report["model"] = to_json(o);
  report["training_cells"] = train.cells();
  report["training_genes"] = train.genes();
  lc::generation::TrainingOptions training = g.training;
  training.seed = s.seed;
  training.flow.accumulate = training.autoencoder.accumulate;
  if (lc::generation::fit(t.model, train, training, t.stages) == lc::FitStatus::interrupted) return std::nullopt;
  report.add_stages(s, t.stages);
  if (is_first()) save_checkpoint(s, t.model);
  return t;
}

/// Cells to train on, and held-out ones where there are any.
struct TrainTest {
  lc::CellTable train;
  std::optional<lc::CellTable> test;
  std::optional<StreamedCells> streamed = {};  ///< what is trained on in place of `train`, which is then a sample of it

  /// Names and annotation of all cells to train on.
  const lc::CellTable& header() const { return streamed ? streamed->table.header : train; }
};

/// Holds a share of the cells of each label out of training; 0: none.
inline TrainTest hold_out(lc::CellTable all, const std::string& label, double share, lc::Rng& rng) {
  if (share == 0) return {std::move(all), std::nullopt};
  lc::generation::HeldOutCells cells = lc::generation::hold_out(all, label, share, rng);
  for (const std::string& level : cells.single)
    print_line("note: '" + level + "' has a single cell: trained on, not evaluated");
  return {std::move(cells.train), std::move(cells.test)};
}

/// The same of streamed cells: `train` and `test` are samples, the former of the cells that are streamed.
inline TrainTest hold_out_streamed(const Common& s, StreamedCells all, const std::string& label, double share,
                                   lc::Rng& rng, Index most) {
  TrainTest out;
  if (share > 0) {
    const lc::Split split = lc::stratified_split(all.table.obs(label), share, rng);
    for (const std::string& level : split.single)
      print_line("note: '" + level + "' has a single cell: trained on, not evaluated");
    out.test = sample_of(s, all.table.select_cells(split.test), label, most);
    if (out.test->cells() < Index(split.test.size()))
      print_line(
          lc::text("note: ", out.test->cells(), " of ", split.test.size(), " held-out cells are evaluated with"));
    all.table = all.table.select_cells(split.train);
  }
  out.streamed = std::move(all);
  return out;
}

}  // namespace program
