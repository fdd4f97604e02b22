#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <latentcell/autoencoder/joint_vae.hpp>
#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/data/joint_batches.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/latent/sample_counts.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// Returns the posterior mean and standard deviation of every cell from those of its modalities that are measured.
/// cells: per part of the model a modality of the same cells -> (N, D)
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

/// Returns the mean counts of a modality at latents, scaled to a total of one.
/// z (N, D) -> (N, F)
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

/// Draws counts of a modality at latents from its likelihood.
/// z (N, D) -> (N, F)
inline Counts draw_counts(const JointPart<float>& part, const Matrix<float>& z, double library, Rng& rng) {
  LatentTable at;
  at.mean = z;
  at.library.assign(to_size(z.rows()), float(library));
  at.cell_columns = Annotation(z.rows());
  return JointPart<float>::with(part, [&](const auto& expert) { return draw(expert, at, rng).counts; });
}

}  // namespace detail

struct JointTranslateOptions {
  Index latents = 16;  ///< samples of each cell's posterior that the mean is taken over, at least 1
  Index draws = 64;    ///< samples of each cell's counts, for the intervals: 0 (none) or at least 2
  Index batch = 512;   ///< cells decoded at once, at least 1: memory only

  static void visit(auto& self, auto&& f) {
    f("latents", self.latents, at_least(1));
    f("draws", self.draws, at_least(0));
    f("batch", self.batch, at_least(1));
  }
};

/// Returns modalities in the features of a joint model. Throws std::invalid_argument if one is missing.
/// cells: per part of the model a modality
inline std::vector<Modality> in_features_of(const JointVae<float>& model, std::vector<Modality> cells) {
  for (std::size_t m = 0; m < cells.size(); ++m) cells[m] = select_features(cells[m], model.features(Index(m)));
  return cells;
}

/// Predicts one modality of cells from those of the others that are measured: log1p of counts at one depth. The mean is
/// that of the decoded shares over the posterior. Intervals are quantiles of drawn counts; they include the counting
/// noise at that depth and are not calibrated.
/// cells: per part of the model a modality, the target hidden unless it is to be smoothed -> (N, F)
inline conformal::PredictionIntervals translate(const JointVae<float>& model, const std::vector<Modality>& cells,
                                                Index target, double depth, const JointTranslateOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(target >= 0 && target < Index(model.parts.size()), "translate: target ", target, " of ",
                     model.parts.size(), " modalities");
  check_options("translate", o);
  conformal::check_draws("translate", o.draws);
  const JointPart<float>& part = model.parts[to_size(target)];
  const LatentTable all = encode(model, cells);
  const Index n = all.cells(), features = model.options.parts[to_size(target)].genes;
  conformal::PredictionIntervals out;
  out.mean = Matrix<float>::Zero(n, features);
  for (Matrix<float>* m : {&out.low50, &out.high50, &out.low80, &out.high80}) {
    if (o.draws > 0) m->resize(n, features);
  }
  for (Index first = 0; first < n; first += o.batch) {
    const Index count = std::min(o.batch, n - first);
    const LatentTable q{all.mean.middleRows(first, count), all.deviation.middleRows(first, count), {}, {}, {}};
    auto mean = out.mean.middleRows(first, count);
    for (Index k = 0; k < o.latents; ++k)
      mean += (detail::mean_shares(part, q.drawn(rng)) * float(depth)).array().log1p().matrix() / float(o.latents);
    if (o.draws == 0) continue;
    std::vector<Matrix<float>> draws;
    for (Index k = 0; k < o.draws; ++k)
      draws.push_back(
          dense_counts(kernel::log_normalize(detail::draw_counts(part, q.drawn(rng), depth, rng), depth).view()));
    Matrix<float> middle = Matrix<float>::Zero(count, features);
    for (const Matrix<float>& x : draws) middle += x / float(o.draws);
    const conformal::SampleQuantiles half(draws);
    out.low50.middleRows(first, count) = middle - half.low50;
    out.high50.middleRows(first, count) = middle + half.high50;
    out.low80.middleRows(first, count) = middle - half.low80;
    out.high80.middleRows(first, count) = middle + half.high80;
  }
  return out;
}

}  // namespace latentcell::multiomics
