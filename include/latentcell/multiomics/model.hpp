#pragma once

#include <optional>
#include <string>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/multiomics/joint_model.hpp>
#include <latentcell/latent/model_file.hpp>

// One modality of a cell from the others.

namespace latentcell {

struct TranslationOptions {
  EnsembleOptions ensemble = {};
  float noise = 0.25f;  ///< standard deviation of noise on what the network is told: it cannot learn cells by heart
  float hide = 0.3f;    ///< chance that a cell's modality is hidden in training, where there are several
};

using Translated = PredictionIntervals;
using TranslateOptions = IntervalOptions;

/// Distribution of a target modality of a cell given any part of its other modalities: rectified flows from noise to
/// the target's latent, told the others' latents and which of them are there.
struct Translation {
  TranslationOptions options;
  ModalityEncoder target;
  std::vector<ModalityEncoder> sources;
  ConditionalEnsemble flows;
  std::optional<JointVae<float>> joint;  ///< of the same modalities, for a latent of all cells; where one was trained

  Translation(const TranslationOptions& o, ModalityEncoder to, std::vector<ModalityEncoder> from, Rng& rng)
      : options(o),
        target(std::move(to)),
        sources(std::move(from)),
        flows(told(), target.latent(), Index(target.features.size()), o.ensemble, rng) {}

  /// Numbers that a cell is told by.
  Index told() const {
    LATENTCELL_REQUIRE(!sources.empty(), "Translation: there is no modality to translate from");
    Index sum = 0;
    for (const ModalityEncoder& s : sources) sum += s.condition();
    return sum;
  }

  /// What the networks are told of each cell.     one modality for each source, of the same cells -> (N, C)
  Matrix<float> tell(const std::vector<Modality>& from) const {
    LATENTCELL_REQUIRE(from.size() == sources.size(), "translation: ", from.size(), " modalities for ", sources.size(),
                       " sources");
    Matrix<float> out(from.front().cells(), told());
    Index at = 0;
    for (std::size_t m = 0; m < from.size(); ++m) {
      LATENTCELL_REQUIRE(from[m].cells() == out.rows(), "translation: '", from[m].name, "' has ", from[m].cells(),
                         " cells but '", from.front().name, "' ", out.rows());
      out.middleCols(at, sources[m].condition()) = sources[m].tell(from[m]);
      at += sources[m].condition();
    }
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("target", self.target);
    f("sources", self.sources);
    f("flows", self.flows);
    f("joint", self.joint);
  }
};

namespace detail {

/// Hides modalities of some cells, never all that a cell has.     told (B, C)
inline void hide_modalities(const Translation& model, View<float> told, Rng& rng) {
  if (model.sources.size() < 2) return;
  for (Index b = 0; b < told.rows(); ++b) {
    Index at = 0, left = 0;
    for (const ModalityEncoder& s : model.sources) {
      at += s.condition();
      left += told(b, at - 1) > 0;
    }
    at = 0;
    for (const ModalityEncoder& s : model.sources) {
      const bool there = told(b, at + s.condition() - 1) > 0;
      if (there && left > 1 && rng.uniform_double() < double(model.options.hide)) {
        told.block(b, at, 1, s.condition()).setZero();
        --left;
      }
      at += s.condition();
    }
  }
}

}  // namespace detail

/// Trains one member on all cells but its own part. Goes on after the epochs that `state` has seen.
/// target and sources: modalities of the same cells; cells without the target are left out
template <class... Hooks>
void fit_fold_model(TrainState<float>& state, Translation& model, Index member, const Modality& target,
                    const std::vector<Modality>& from, const FitOptions& options, Hooks&&... hooks) {
  const Matrix<float> z = model.target.encode(target), told = model.tell(from);
  LATENTCELL_REQUIRE(z.rows() == told.rows(), "translation: the target has ", z.rows(), " cells but the sources ",
                     told.rows());
  const ConditionSampler show = [&](std::span<const Index> cells, View<float> here, Rng& rng) {
    for (std::size_t b = 0; b < cells.size(); ++b) here.row(Index(b)) = told.row(cells[b]);
    detail::hide_modalities(model, here, rng);
    Index at = 0;
    for (const ModalityEncoder& s : model.sources) {
      for (Index b = 0; b < here.rows(); ++b) {
        if (here(b, at + s.condition() - 1) == 0) continue;
        for (Index j = 0; j + 1 < s.condition(); ++j) here(b, at + j) += model.options.noise * float(rng.normal());
      }
      at += s.condition();
    }
  };
  fit_fold_model(state, model.flows, member, z, target.measured, told.cols(), show, options, hooks...);
}

/// Means and intervals of the target of cells, from whatever of the sources they have.
/// one modality for each source, of the same cells
inline Translated translate(const Translation& model, const std::vector<Modality>& from, const TranslateOptions& o,
                            Rng& rng) {
  const Matrix<float> told = model.tell(from);
  Rng mean_rng = rng.fork();
  const Matrix<float> said = mean_latents(model.flows, told, mean_rng);
  return predict_around(model.flows, model.target, told, said, Matrix<float>::Zero(said.rows(), said.cols()), {}, o,
                        rng);
}

/// As calibrate_intervals of the flows.
inline void calibrate_intervals(Translation& model, const Modality& target, const std::vector<Modality>& from,
                                std::uint64_t seed, const TranslateOptions& o, Rng& rng) {
  const Matrix<float> told = model.tell(from), said = out_of_fold_means(model.flows, told, seed, rng);
  calibrate_intervals(model.flows, model.target, model.target.log_normalized(target), target.measured, told, said,
                      Matrix<float>::Zero(said.rows(), said.cols()), {}, seed, o, rng);
}

namespace detail {

inline void describe(io::SafeTensors& file, const EnsembleOptions& o) {
  file.metadata["members"] = text(o.members);
  file.metadata["field_latent"] = text(o.field.latent);
  describe(file, o.field);
}
inline void describe(io::SafeTensors& file, const std::string& key, const ModalityEncoder& code) {
  file.metadata[key] = code.name;
  file.metadata[key + ".features"] = join(code.features);
  file.metadata[key + ".latent"] = text(code.latent());
}
inline EnsembleOptions read_ensemble(const ModelFile& from) {
  EnsembleOptions o;
  o.members = from.whole("members");
  from.read(o.field, from.whole("field_latent"));
  return o;
}
inline ModalityEncoder read_code(const ModelFile& from, const std::string& key) {
  return {from.word(key), from.list(key + ".features"), from.whole(key + ".latent")};
}

}  // namespace detail

/// Writes a trained model to one safetensors file. Throws std::runtime_error naming the file; what stood there stays
/// then.
inline void save(const std::string& path, const Translation& model) {
  io::SafeTensors file;
  file.metadata["latentcell.kind"] = "translation";
  detail::describe(file, model.flows.options);
  file.metadata["sources"] = text(model.sources.size());
  detail::describe(file, "target", model.target);
  for (std::size_t s = 0; s < model.sources.size(); ++s) detail::describe(file, text("source_", s), model.sources[s]);
  if (model.joint) detail::describe(file, "joint", *model.joint);
  io::store(file, "model", model);
  io::save_safetensors(path, file);
}

/// Loads what save wrote. Throws std::runtime_error naming the file and what is wrong with it.
inline Translation load_translation(const std::string& path) {
  const detail::ModelFile from(path, "translation");
  std::vector<ModalityEncoder> sources;
  for (Index s = 0; s < from.whole("sources"); ++s) sources.push_back(detail::read_code(from, text("source_", s)));
  Rng rng(0);
  Translation model({.ensemble = detail::read_ensemble(from)}, detail::read_code(from, "target"), std::move(sources),
                    rng);
  if (from.file.metadata.count("joint.parts") > 0) model.joint = detail::read_joint(from, "joint");
  io::restore(from.file, path, "model", model);
  return model;
}

}  // namespace latentcell
