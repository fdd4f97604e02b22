#pragma once

#include <latentcell/data/simulate.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/train/fit_cells.hpp>

// A small generator trained for a moment on simulated cells of two batches and three types, the last one rare.

namespace generator {

using namespace latentcell;

inline CellTable cells(Index n, Rng& rng) {
  return simulate({.cells = n, .genes = 120, .types = 3, .batches = 2, .library = 400, .type_skew = 2}, rng);
}

inline generation::Model trained(const CellTable& cells) {
  generation::Options o;
  o.label = "cell_type";
  o.levels = cells.obs("cell_type").levels;
  o.batch = "batch";
  o.batch_levels = cells.obs("batch").levels;
  o.vae.genes = cells.genes();
  o.vae.hidden = {32};
  o.vae.latent = o.backbone.latent = 6;
  o.vae.batches = 2;
  o.vae.prior.labels = 3;
  o.vae.dropout = 0.1f;
  o.vae.count_thinning = 1;
  o.backbone.width = 48;
  o.backbone.depth = 1;
  Rng rng(6);
  generation::Model m(o, rng);
  const CellCovariates known{.batch = cells.obs("batch").codes, .label = cells.obs("cell_type").codes};
  m.record_composition(known.label, known.batch);
  TrainState<float> first;
  fit_from(first, m.vae, cells, known, {.epochs = 25, .batch = 32, .learning_rate = 3e-3f});
  fit(m.flow, encode(m.vae, cells), {.epochs = 40, .batch = 32, .learning_rate = 2e-3f});
  return m;
}

}  // namespace generator
