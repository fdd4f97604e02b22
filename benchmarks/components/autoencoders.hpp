#pragma once

#include <latentcell/latent/cell_likelihood.hpp>
#include <latentcell/latent/reconstruction_correlation.hpp>
#include <latentcell/autoencoder/plain_autoencoder.hpp>
#include <latentcell/autoencoder/vq_gan.hpp>

#include "study.hpp"

// Part a: autoencoders. Each is judged by what it makes of judged cells' latents and by the cells of a flow of its own.

namespace components {

/// Rows of one autoencoder: cells merely reconstructed and cells generated.
template <class Autoencoder>
void judge_autoencoder(Study& study, const std::string& block, const Autoencoder& model, double seconds) {
  const lc::LatentTable latents = lc::encode(model, study.train);
  std::vector<Row> out;
  const lc::CellTable held_back = lc::align_genes(study.judged, study.train.gene_names).cells;
  const double log_prob = lc::cell_likelihood(model, held_back).mean_log_prob;
  const double r = lc::reconstruction_correlation(model, held_back);
  {
    // Training cells of the judged labels, drawn anew from their own latents: what no flow can better.
    std::vector<int> codes = lc::recode(study.train.obs(study.settings.label), study.judge.levels());
    lc::Rng rng(study.seed, 12);
    const lc::MatchedRows matched = lc::match_levels(codes, study.judge.reference().codes, rng);
    lc::LatentTable z;
    z.mean.resize(Index(matched.rows.size()), latents.latent());
    for (Index i = 0; i < z.mean.rows(); ++i) {
      const Index row = matched.rows[lc::to_size(i)];
      for (Index k = 0; k < latents.latent(); ++k) {
        const float own = latents.deviation.size() > 0 ? latents.deviation(row, k) * float(rng.normal()) : 0.0f;
        z.mean(i, k) = latents.mean(row, k) + own;
      }
      z.library.push_back(latents.library[lc::to_size(row)]);
    }
    z.cell_columns = study.wanted();
    for (Index i = 0; i < z.mean.rows(); ++i) z.cell_names.push_back(lc::text("cell_", i));
    out.push_back(Row()
                      .set("cells", "reconstructed")
                      .set("train_seconds", seconds)
                      .set("held_back_log_prob", log_prob)
                      .set("reconstruction_r", r)
                      .set(study.judged_latents(model, z, lc::evaluate::MetricSet::all)));
  }
  double flow_seconds = 0;
  const auto flow = study.trained_flow(lc::RectifiedFlow{}, study.mlp(), latents, flow_seconds);
  out.push_back(
      Row()
          .set("cells", "generated")
          .set("train_seconds", flow_seconds)
          .set(study.judged_cells(flow, model, {.steps = 25, .guidance = 1.1f}, lc::evaluate::MetricSet::all)));
  study.rows->write(block, out);
}

template <class Autoencoder, class Options>
void compare_autoencoder(Study& study, const std::string& block, const Options& options,
                         lc::LikelihoodOptions likelihood = {.dispersion = lc::Dispersion::gene_cell}) {
  if (study.rows->has(block)) return;
  lc::Rng rng(study.seed, 5);
  Autoencoder model(options, rng, likelihood);
  const double start = now();
  study.fit_autoencoder(model, study.train);
  judge_autoencoder(study, block, model, now() - start);
}

inline void judge_floors(Study& study) {
  if (study.rows->has("a:floors")) return;
  std::vector<Row> out;
  const auto add = [&](const char* name, auto judge) {
    lc::evaluate::GenerationScores j;
    judge(j);
    out.push_back(Row().set("cells", name).set(j));
  };
  constexpr lc::evaluate::MetricSet all = lc::evaluate::MetricSet::all;
  add("fresh real cells", [&](lc::evaluate::GenerationScores& j) { study.judge.score_ceiling(study.judged, all, j); });
  add("class-wise Gaussian", [&](lc::evaluate::GenerationScores& j) { study.judge.score_class_gaussian(all, j); });
  add("class-wise independent NB",
      [&](lc::evaluate::GenerationScores& j) { study.judge.score_class_negative_binomial(all, j); });
  study.rows->write("a:floors", out);
}

inline void compare_autoencoders(Study& study) {
  judge_floors(study);
  if (!study.rows->has("a:vae nb")) {
    const double start = now();
    const NbVae vae = study.frozen_autoencoder();
    judge_autoencoder(study, "a:vae nb", vae, now() - start);
  }
  const lc::VaeOptions vae = study.vae_options();
  compare_autoencoder<NbVae>(study, "a:vae nb, dispersion per gene", vae, {.dispersion = lc::Dispersion::gene});
  for (const lc::Prior kind : {lc::Prior::normal, lc::Prior::mixture, lc::Prior::vamp}) {
    lc::VaeOptions o = vae;
    o.prior = {.kind = kind};
    compare_autoencoder<NbVae>(study,
                               kind == lc::Prior::normal    ? "a:vae nb, one normal prior"
                               : kind == lc::Prior::mixture ? "a:vae nb, mixture prior"
                                                            : "a:vae nb, vamp prior",
                               o);
  }
  {
    lc::VaeOptions o = vae;
    o.linear_decoder = true;
    compare_autoencoder<NbVae>(study, "a:vae nb, linear decoder", o);
  }
  compare_autoencoder<lc::Vae<float, lc::ZeroInflatedNegativeBinomial<float>>>(study, "a:vae zinb", vae);
  compare_autoencoder<lc::Vae<float, lc::Gaussian<float>>>(study, "a:vae gaussian", vae,
                                                           {.dispersion = lc::Dispersion::gene});
  compare_autoencoder<lc::PlainAutoencoder<float, lc::NegativeBinomial<float>>>(
      study, "a:plain",
      lc::PlainAutoencoderOptions{
          .genes = vae.genes, .latent = 10, .dropout = vae.dropout, .count_thinning = vae.count_thinning});
  const lc::VqVaeOptions vq{.genes = vae.genes,
                            .latent = 10,
                            .dropout = vae.dropout,
                            .count_thinning = vae.count_thinning,
                            .codebook = {.groups = 5, .codes = 64}};
  compare_autoencoder<lc::VqVae<float, lc::NegativeBinomial<float>>>(study, "a:vq-vae", vq);
  if (!study.rows->has("a:vq-gan")) {
    lc::Rng rng(study.seed, 5);
    lc::VqGan<float, lc::NegativeBinomial<float>> model(vq, {}, rng, {.dispersion = lc::Dispersion::gene_cell});
    const double start = now();
    study.fit_autoencoder(model, study.train);
    judge_autoencoder(study, "a:vq-gan", model, now() - start);
  }
}

}  // namespace components
