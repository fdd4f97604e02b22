#pragma once

#include <latentcell/latent/cell_likelihood.hpp>
#include <latentcell/latent/reconstruction_correlation.hpp>
#include <latentcell/latent/fine_tune.hpp>

#include "study.hpp"

// Part f: both stages trained further, together.

namespace components {

inline void compare_fine_tuning(Study& study) {
  if (study.rows->has("f:fine-tuning")) return;
  const NbVae vae = study.frozen_autoencoder();
  double seconds = 0;
  const auto flow = study.trained_flow(lc::RectifiedFlow{}, study.mlp(), lc::encode(vae, study.train), seconds);
  const lc::CellTable held_back = lc::align_genes(study.judged, study.train.gene_names).cells;
  std::vector<Row> out;
  const auto add = [&](const char* name, const NbVae& first, const auto& second, double took) {
    out.push_back(
        Row()
            .set("stages", name)
            .set("train_seconds", took)
            .set("held_back_log_prob", lc::cell_likelihood(first, held_back).mean_log_prob)
            .set("reconstruction_r", lc::reconstruction_correlation(first, held_back))
            .set(study.judged_cells(second, first, {.steps = 25, .guidance = 1.1f}, lc::evaluate::MetricSet::all)));
  };
  add("one after the other", vae, flow, seconds);
  for (const bool through : {false, true}) {
    NbVae first = vae;
    auto second = flow;
    const double start = now();
    lc::fine_tune(first, second, study.train,
                  {.label = study.train.cell_columns.codes(study.settings.label, study.levels)},
                  {.gradient = through ? lc::LatentGradient::through_encoder : lc::LatentGradient::stopped},
                  {.epochs = Study::epochs_for(study.train.cells(), 64, 600),
                   .batch = 64,
                   .learning_rate = 5e-4f,
                   .ema = 0.99f,
                   .seed = study.seed + 3});
    add(through ? "together" : "side by side, gradient stopped", first, second, now() - start);
  }
  study.rows->write("f:fine-tuning", out);
}

}  // namespace components
