#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <latentcell/autoencoder/joint_vae.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/pipeline/draw.hpp>
#include <latentcell/pipeline/intervals.hpp>
#include <latentcell/pipeline/model_file.hpp>

// What a joint autoencoder makes of whole tables: the joint latent of cells, one modality from others, and its file.

namespace latentcell {

/// Posterior mean and standard deviation of every cell, from whatever of its modalities is measured.
/// cells: one modality for each part of the model, of the same cells -> (N, D)
inline LatentTable encode(const JointVae<float>& model, const std::vector<Modality>& cells) {
  LatentTable out;
  const Index n = cells.empty() ? 0 : cells.front().cells();
  out.mean.resize(n, model.latent());
  out.deviation.resize(n, model.latent());
  if (n == 0) return out;
  JointBatches source(cells, {.batch = 512});
  Tape<float> tape(Mode::no_gradient);
  Index at = 0;
  for (JointBatch batch; source.next(batch); at += batch.size()) {
    tape.reset();
    const Posterior<float> q = model.encode(tape, batch);
    out.mean.middleRows(at, batch.size()) = q.mean.value();
    out.deviation.middleRows(at, batch.size()) = (q.log_variance.value().array() * 0.5f).exp();
  }
  return out;
}

namespace detail {

/// The mean counts of a modality at latents, scaled to a total of one.     z (N, D) -> (N, F)
inline Matrix<float> mean_shares(const JointPart<float>& part, const Matrix<float>& z) {
  return JointPart<float>::with(part, [&](const auto& expert) {
    using Likelihood = typename std::remove_cvref_t<decltype(expert)>::Likelihood;
    Tape<float> tape(Mode::no_gradient);
    const std::vector<Var<float>> heads = expert.decode(tape, tape.constant(view(z)), {});
    const ConstView<float> eta = heads.front().value();
    Matrix<float> out(z.rows(), eta.cols());
    if constexpr (requires { typename Likelihood::Predictors; }) {
      const auto p = expert.predictors(tape, heads, {});
      for (Index i = 0; i < out.size(); ++i)
        out.data()[i] = Likelihood::mean(p.log_background.value().data()[i], p.log_foreground.value().data()[i],
                                         p.logit_background.value().data()[i]);
    } else if constexpr (!Likelihood::draws_molecules) {
      out = (1.0f + (-eta.array()).exp()).inverse();
    } else {
      for (Index i = 0; i < out.rows(); ++i) out.row(i) = (eta.row(i).array() - eta.row(i).maxCoeff()).exp();
    }
    for (Index i = 0; i < out.rows(); ++i) out.row(i) /= out.row(i).sum();
    return out;
  });
}

/// Latents drawn from posteriors.     -> (N, D)
inline Matrix<float> draw_posterior(const LatentTable& q, Rng& rng) {
  Matrix<float> z = q.mean;
  for (Index i = 0; i < z.size(); ++i) z.data()[i] += q.deviation.data()[i] * float(rng.normal());
  return z;
}

}  // namespace detail

}  // namespace latentcell
