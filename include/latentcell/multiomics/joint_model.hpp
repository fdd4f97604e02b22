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
#include <latentcell/latent/model_file.hpp>

// What a joint autoencoder makes of whole tables: the joint latent of cells, one modality from others, and its file.

namespace latentcell::multiomics {

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

/// Counts of a modality at latents, drawn from its likelihood.     z (N, D) -> (N, F)
inline Counts draw_counts(const JointPart<float>& part, const Matrix<float>& z, double library, Rng& rng) {
  LatentTable at;
  at.mean = z;
  at.library.assign(to_size(z.rows()), float(library));
  at.cell_columns = Annotation(z.rows());
  return JointPart<float>::with(part, [&](const auto& expert) { return draw(expert, at, rng).counts; });
}

}  // namespace detail

struct JointTranslateOptions {
  Index latents = 16;  ///< drawn from each cell's posterior, over which the mean is taken
  Index draws = 64;    ///< of each cell's counts, for the intervals; 0: none
  Index batch = 512;   ///< cells at once: memory only
};

/// One modality of cells from whatever is measured of them: log1p of counts at one depth. The mean is that of the
/// decoded shares over the posterior; intervals are quantiles of drawn counts, in which the noise of counting at that
/// depth has a part.     cells: one modality for each part of the model, the target hidden unless it is to be smoothed
inline conformal::PredictionIntervals translate(const JointVae<float>& model, const std::vector<Modality>& cells,
                                                Index target, double depth, const JointTranslateOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(target >= 0 && target < Index(model.parts.size()), "translate: target ", target, " of ",
                     model.parts.size(), " modalities");
  LATENTCELL_REQUIRE(o.latents >= 1 && (o.draws == 0 || o.draws >= 2), "translate: ", o.latents, " latents and ",
                     o.draws, " draws; needs at least 1, and none or at least 2");
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
    const conformal::SampleQuantiles spread(draws);
    out.low50.middleRows(first, count) = middle - spread.low50;
    out.high50.middleRows(first, count) = middle + spread.high50;
    out.low80.middleRows(first, count) = middle - spread.low80;
    out.high80.middleRows(first, count) = middle + spread.high80;
  }
  return out;
}

namespace detail {

inline void describe(io::SafeTensors& file, const std::string& prefix, const JointVae<float>& model) {
  const JointVaeOptions& o = model.options;
  auto& to = file.metadata;
  to[prefix + ".latent"] = text(o.latent);
  to[prefix + ".parts"] = text(o.parts.size());
  for (std::size_t m = 0; m < o.parts.size(); ++m) {
    const JointPartOptions& part = o.parts[m];
    const std::string key = text(prefix, ".part_", m);
    to[key] = part.name;
    to[key + ".observation"] = text(int(part.observation));
    to[key + ".hidden"] = latentcell::detail::join(part.hidden);
    to[key + ".features"] = latentcell::detail::join(model.features(Index(m)));
  }
}

// Without its weights.
inline JointVae<float> read_joint(const latentcell::detail::ModelFile& from, const std::string& prefix) {
  JointVaeOptions o{.latent = from.whole(prefix + ".latent")};
  std::vector<std::vector<std::string>> features;
  for (Index m = 0; m < from.whole(prefix + ".parts"); ++m) {
    const std::string key = text(prefix, ".part_", m);
    features.push_back(from.list(key + ".features"));
    JointPartOptions part{.name = from.word(key),
                          .genes = Index(features.back().size()),
                          .observation = Observation(from.choice(key + ".observation", 3)),
                          .hidden = {}};
    for (const std::string& w : from.list(key + ".hidden"))
      part.hidden.push_back(latentcell::detail::whole_number(w, from.path, key + ".hidden"));
    o.parts.push_back(part);
  }
  Rng rng(0);
  JointVae<float> model(o, rng);
  for (std::size_t m = 0; m < features.size(); ++m) model.name_features(Index(m), features[m]);
  return model;
}

}  // namespace detail

/// Writes a trained model to one safetensors file. Throws std::runtime_error naming the file; what stood there stays
/// then.
inline void save(const std::string& path, const JointVae<float>& model) {
  io::SafeTensors file;
  file.metadata["latentcell.kind"] = "joint_vae";
  detail::describe(file, "joint", model);
  io::store(file, "joint", model);
  io::save_safetensors(path, file);
}

/// Loads what save wrote. Throws std::runtime_error naming the file and what is wrong with it.
inline JointVae<float> load_joint_vae(const std::string& path) {
  const latentcell::detail::ModelFile from(path, "joint_vae");
  JointVae<float> model = detail::read_joint(from, "joint");
  io::restore(from.file, path, "joint", model);
  return model;
}

}  // namespace latentcell::multiomics
