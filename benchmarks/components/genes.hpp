#pragma once

#include <sys/resource.h>

#include "study.hpp"

// Part g: the same flow and backbone in the latent space and on the genes themselves.

namespace components {

/// Most memory held so far, in MB.
inline double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024.0;
}

inline void compare_spaces(Study& study) {
  Rows& rows = *study.rows;
  if (rows.has("g:fresh real cells") && rows.has("g:latent") && rows.has("g:genes")) return;
  constexpr Index genes = 2000;
  const lc::CellTable train = study.train.select_genes(lc::highly_variable(study.train.counts, {.genes = genes}).genes);
  const lc::CellTable judged = lc::align_genes(study.judged, train.gene_names).cells;
  Study small(study.settings, study.seed, train, judged, rows);
  if (!rows.has("g:fresh real cells")) {
    lc::evaluate::GenerationScores fresh;
    small.judge.score_ceiling(small.judged, lc::evaluate::MetricSet::all, fresh);
    rows.write("g:fresh real cells", {Row().set(fresh)});
  }
  const auto timed = [&](const std::string& block, auto&& flow, const lc::LatentTable& latents, double before,
                         auto&& judge) {
    // A forward pass of a batch, an epoch, and generation of as many cells as are judged.
    lc::Tape<float> tape(lc::Mode::no_gradient);
    const Index batch = std::min<Index>(128, latents.cells());
    const lc::Matrix<float> z = latents.mean.topRows(batch);
    const lc::Matrix<float> known = lc::read_conditions(flow.condition, latents.cell_columns).topRows(batch);
    std::vector<float> t(lc::to_size(batch), 0.5f);
    double forward = 1e9;
    for (int i = 0; i < 5; ++i) {
      tape.reset();
      const double start = now();
      (void)flow.velocity_net(tape, tape.constant(lc::view(z)), t, flow.condition(tape, lc::view(known)));
      forward = std::min(forward, now() - start);
    }
    lc::FitOptions training = small.flow_training(latents);
    training.epochs = std::max(1, training.epochs / (block == "g:genes" ? 4 : 1));
    const double start = now();
    lc::fit(flow, latents, training);
    const double seconds = now() - start;
    double sampling = 0;
    const lc::evaluate::GenerationScores j = judge(sampling);
    rows.write(block, {Row()
                           .set("forward_ms", 1e3 * forward)
                           .set("epoch_seconds", seconds / training.epochs)
                           .set("train_seconds", seconds + before)
                           .set("sample_seconds", sampling)
                           .set("memory_mb", peak_memory_mb())
                           .set("parameters", double(lc::parameter_count(flow.velocity_net)))
                           .set(j)});
  };
  const lc::SampleOptions how{.steps = 25, .guidance = 1.1f};
  if (!rows.has("g:latent")) {
    lc::Rng rng(study.seed, 5), own(study.seed, 6), third(study.seed, 9);
    NbVae vae(small.vae_options(), rng, {.dispersion = lc::Dispersion::gene_cell});
    const double start = now();
    small.fit_autoencoder(vae, train);
    const double before = now() - start;
    const lc::LatentTable latents = lc::encode(vae, train);
    lc::LatentFlow flow(lc::RectifiedFlow{}, lc::Dit<float>(small.dit_options(), third), small.by_label(own));
    timed("g:latent", flow, latents, before, [&](double& sampling) {
      return small.judged_cells(flow, vae, how, lc::evaluate::MetricSet::all, &sampling);
    });
  }
  if (!rows.has("g:genes")) {
    // log1p(CP10K) as it is; a token holds 80 genes. A quarter of the latent's steps, which takes as long as both its
    // stages do.
    const lc::Counts logged = lc::kernel::log_normalize(train.counts);
    lc::LatentTable values;
    values.mean = lc::Matrix<float>::Zero(train.cells(), genes);
    const lc::CountsView view = logged.view();
    for (Index b = 0; b < view.rows; ++b) {
      for (std::int64_t k = view.row_start[b]; k < view.row_start[b + 1]; ++k) {
        values.mean(b, view.columns[k]) = view.values[k];
      }
      values.library.push_back(float(std::max(1.0, train.counts.view().row_sum(b))));
    }
    values.cell_columns = train.cell_columns;
    lc::Rng own(study.seed, 6), third(study.seed, 9);
    lc::DitOptions o = small.dit_options();
    o.latent = genes;
    o.tokens = 25;
    lc::LatentFlow flow(lc::RectifiedFlow{}, lc::Dit<float>(o, third), small.by_label(own));
    timed("g:genes", flow, values, 0.0, [&](double& sampling) {
      lc::SampleOptions wanted = how;
      wanted.cells = small.wanted();
      lc::Rng rng(study.seed, 7);
      const double start = now();
      const lc::LatentTable made = flow.generate(wanted, rng);
      sampling = now() - start;
      std::vector<Index> column;
      for (const std::string& gene : small.judge.genes()) {
        column.push_back(std::find(train.gene_names.begin(), train.gene_names.end(), gene) - train.gene_names.begin());
      }
      lc::Counts cells(Index(column.size()));
      for (Index i = 0; i < made.cells(); ++i) {
        for (std::size_t g = 0; g < column.size(); ++g) {
          if (made.mean(i, column[g]) > 0) cells.push(std::int32_t(g), made.mean(i, column[g]));
        }
        cells.end_row();
      }
      lc::evaluate::GenerationScores j;
      small.judge.score_logged(cells, lc::evaluate::MetricSet::all, j);
      return j;
    });
  }
}

}  // namespace components
