#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/latentcell.hpp>

#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/latent_unet.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/io/checkpoint.hpp>
#include <latentcell/io/read_cells.hpp>
#include <latentcell/metric/density_coverage.hpp>
#include <latentcell/metric/nearest_neighbor_test.hpp>
#include <latentcell/metric/wasserstein.hpp>
#include <latentcell/generation/calibrate_dispersion.hpp>
#include <latentcell/latent/decoder_sensitivity.hpp>
#include <latentcell/latent/explained_variance.hpp>
#include <latentcell/latent/latent_traversal.hpp>
#include <latentcell/evaluate/evaluate_generation.hpp>
#include <latentcell/evaluate/evaluator.hpp>

#include "rows.hpp"

// What all parts of the comparison share: the cells, the judge, one frozen autoencoder, and how a flow is trained.

namespace components {

namespace lc = latentcell;
using lc::Index;

struct Settings {
  std::string data, label = "cell_type", condition, rows = "components.tsv", models, parts = "abcdefgh";
  std::vector<std::uint64_t> seeds = {0, 1, 2};
  int threads = 1;
  int autoencoder_steps = 1700, flow_steps = 3200;
  bool nested = false;
};

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

using NbVae = lc::Vae<float, lc::NegativeBinomial<float>>;

/// Half of the cells of a file train, the other half judges.
struct Study {
  Settings settings;
  std::uint64_t seed;
  lc::CellTable train, judged;
  std::vector<std::string> levels;  // of the label, in the training cells
  lc::evaluate::Evaluator judge;
  Rows* rows;

  Study(const Settings& s, std::uint64_t seed_, lc::CellTable train_, lc::CellTable judged_, Rows& r)
      : settings(s),
        seed(seed_),
        train(std::move(train_)),
        judged(std::move(judged_)),
        levels(present_levels(train, s.label)),
        judge(train, judged, s.label, {.seed = seed_}),
        rows(&r) {}

  static std::vector<std::string> present_levels(const lc::CellTable& cells, const std::string& column) {
    const lc::Categorical labels = cells.obs(column);
    std::vector<std::string> out;
    for (std::size_t l = 0; l < labels.levels.size(); ++l) {
      if (labels.count(int(l)) > 0) out.push_back(labels.levels[l]);
    }
    return out;
  }

  lc::VaeOptions vae_options() const {
    lc::VaeOptions o;
    o.genes = train.genes();
    o.latent = 10;
    o.prior.labels = Index(levels.size());
    o.dropout = 0.3f;
    o.kl_weight = 0.5f;
    o.count_thinning = 0.7f;
    return o;
  }

  /// Epochs that make about this many steps.
  static int epochs_for(Index cells, Index batch, Index steps) {
    return int(std::max<Index>(1, steps / std::max<Index>(1, cells / batch)));
  }

  /// Trains an autoencoder as generate_cells does.
  template <class Autoencoder>
  void fit_autoencoder(Autoencoder& model, const lc::CellTable& cells) const {
    lc::TrainState<float> state;
    lc::fit(model, cells, {.label = cells.cell_columns.codes(settings.label, levels)},
            {.epochs = epochs_for(cells.cells(), 64, settings.autoencoder_steps),
             .batch = 64,
             .learning_rate = 1e-3f,
             .seed = seed},
            state);
    if constexpr (std::is_same_v<typename Autoencoder::Likelihood, lc::NegativeBinomial<float>>) {
      lc::Rng calibration(seed, 11);
      if constexpr (std::is_same_v<Autoencoder, NbVae>)
        lc::generation::calibrate_dispersion(model, cells, {}, calibration);
    }
  }

  lc::FitOptions flow_training(const lc::LatentTable& latents) const {
    return {.epochs = epochs_for(latents.cells(), 128, settings.flow_steps),
            .batch = 128,
            .learning_rate = 5e-4f,
            .ema = 0.999f,
            .seed = seed + 1};
  }

  /// The autoencoder that parts b to e share; from its file where it was trained before.
  NbVae frozen_autoencoder() const {
    lc::Rng rng(seed, 5);
    NbVae vae(vae_options(), rng, {.dispersion = lc::Dispersion::gene_cell});
    const std::string file = settings.models.empty()
                                 ? std::string()
                                 : lc::text(settings.models, "/", std::filesystem::path(settings.data).stem().string(),
                                            "_", seed, ".safetensors");
    if (!file.empty() && std::filesystem::exists(file)) {
      lc::io::restore(lc::io::load_safetensors(file), file, "vae", vae);
      vae.gene_names = train.gene_names;
      return vae;
    }
    fit_autoencoder(vae, train);
    if (!file.empty()) {
      std::filesystem::create_directories(settings.models);
      lc::io::SafeTensors to;
      lc::io::store(to, "vae", vae);
      lc::io::save_safetensors(file, to);
    }
    return vae;
  }

  lc::DitOptions dit_options(Index latent = 10) const {
    lc::DitOptions o;
    o.latent = latent;
    o.depth = 3;
    for (o.tokens = 8; latent % o.tokens != 0;) --o.tokens;
    return o;
  }

  /// The backbone of parts a, b and e: quick, and as good as any here (part c).
  lc::ResidualMlp<float> mlp(lc::Injection way = lc::Injection::adaln) const {
    lc::Rng rng(seed, 9);
    return lc::ResidualMlp<float>({.latent = 10, .width = 192, .depth = 2, .injection = way}, rng);
  }

  /// The conditioner of the label.
  auto by_label(lc::Rng& rng, Index width = 128) const {
    return lc::from_obs(settings.label, levels, lc::CategoricalCovariate<float>(Index(levels.size()), width, rng));
  }

  /// A trained flow over latents, by label, and the seconds that took.
  template <class Path, class Backbone>
  auto trained_flow(Path path, Backbone backbone, const lc::LatentTable& latents, double& seconds) const {
    lc::Rng rng(seed, 6);
    lc::LatentFlow flow(path, std::move(backbone), by_label(rng));
    const double start = now();
    lc::fit(flow, latents, flow_training(latents));
    seconds = now() - start;
    return flow;
  }

  /// The judged cells' labels, one cell to be generated for each.
  lc::Annotation wanted() const { return lc::labelled(settings.label, {judge.levels(), judge.reference().codes}); }

  /// Generates cells for the judged labels, draws their counts and judges them.
  template <class Flow, class Autoencoder>
  lc::evaluate::GenerationScores judged_cells(const Flow& flow, const Autoencoder& vae, lc::SampleOptions how,
                                              lc::evaluate::MetricSet depth, double* seconds = nullptr) const {
    how.cells = wanted();
    lc::Rng rng(seed, 7);
    const double start = now();
    const lc::LatentTable z = flow.generate(how, rng);
    if (seconds != nullptr) *seconds = now() - start;
    return judged_latents(vae, z, depth);
  }
  /// The same for given latents, in the order of wanted().
  template <class Autoencoder>
  lc::evaluate::GenerationScores judged_latents(const Autoencoder& vae, const lc::LatentTable& z,
                                                lc::evaluate::MetricSet depth) const {
    lc::Rng rng(seed, 8);
    lc::CellTable cells = lc::draw(vae, z, rng);
    if constexpr (!Autoencoder::Likelihood::draws_counts) cells.counts = counts_of_values(cells.counts);
    lc::evaluate::GenerationScores out;
    std::vector<Index> every(lc::to_size(cells.cells()));
    std::iota(every.begin(), every.end(), Index(0));
    judge.score_logged(lc::kernel::log_normalize(lc::evaluate::select_counts(cells, every, judge.genes())), depth, out);
    return out;
  }

  /// What log1p values would be as counts, negative ones as none.
  static lc::Counts counts_of_values(const lc::Counts& values) {
    const lc::CountsView from = values.view();
    lc::Counts out(from.cols);
    for (Index b = 0; b < from.rows; ++b) {
      for (std::int64_t k = from.row_start[b]; k < from.row_start[b + 1]; ++k) {
        if (from.values[k] > 0) out.push(from.columns[k], std::expm1(from.values[k]));
      }
      out.end_row();
    }
    return out;
  }
};

}  // namespace components
