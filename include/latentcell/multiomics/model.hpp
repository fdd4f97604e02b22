#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <latentcell/autoencoder/joint_vae.hpp>
#include <latentcell/conformal/ensemble.hpp>
#include <latentcell/conformal/modality_encoder.hpp>
#include <latentcell/multiomics/stacking.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

struct Options {
  conformal::EnsembleOptions ensemble = {.members = 8};
  Index components = 50;  ///< largest number of principal components of a modality. Larger: more detail, more noise.
  /// Standard deviation of Gaussian noise on conditions in training, at least 0. Larger: less overfitting of few cells;
  /// smaller: closer fit of many.
  float noise = 0.25f;
  float hide = 0.3f;  ///< probability, in [0, 1), that a modality of a cell is masked in training if there are several

  static void visit(auto& self, auto&& f) {
    f("ensemble", self.ensemble);
    f("components", self.components, at_least(1));
    f("noise", self.noise, at_least(0));
    f("hide", self.hide, in_half_open(0, 1));
  }
};

/// Translation between modalities: the distribution of a target modality of a cell under any subset of its source
/// modalities. Rectified flows from noise to the target's latent, conditioned on the sources' latents and on which
/// sources are measured.
struct Model {
  static constexpr std::string_view kind = "translation";

  Options options;
  conformal::ModalityEncoder target;
  std::vector<conformal::ModalityEncoder> sources;
  conformal::ConditionalEnsemble flows;
  Stacking stacking;  ///< of the flows, the joint model and ridge regression
  std::optional<JointVae<float>>
      joint;  ///< of RNA and the other modalities, for one latent of all cells; see fit_joint

  /// to, from: fitted encoders of the target and of the sources, at least one
  Model(const Options& o, conformal::ModalityEncoder to, std::vector<conformal::ModalityEncoder> from, Rng& rng)
      : options(check_options("multiomics", o)),
        target(std::move(to)),
        sources(std::move(from)),
        flows(n_condition(), target.latent(), Index(target.features().size()), o.ensemble, rng),
        stacking(n_condition(), target.latent(), Index(sources.size())) {}

  /// Builds a model from its file.
  static Model from_options(const auto& reader, Rng& rng) {
    std::vector<conformal::ModalityEncoder> from;
    for (Index s = 0; reader.has(text("sources.", s)); ++s)
      from.push_back(reader.template make<conformal::ModalityEncoder>(text("sources.", s), rng));
    Model out(reader.template options<Options>(), reader.template make<conformal::ModalityEncoder>("target", rng),
              std::move(from), rng);
    if (reader.has("joint")) out.joint.emplace(reader.template make<JointVae<float>>("joint", rng));
    return out;
  }

  /// Numbers in the condition of a cell.
  Index n_condition() const {
    LATENTCELL_REQUIRE(!sources.empty(), "multiomics: there is no modality to translate from");
    Index sum = 0;
    for (const conformal::ModalityEncoder& s : sources) sum += s.n_condition();
    return sum;
  }

  /// Returns the condition of each cell.
  /// from: per source the modality of the same N cells -> (N, n_condition())
  Matrix<float> condition_features(const std::vector<Modality>& from) const {
    LATENTCELL_REQUIRE(from.size() == sources.size(), "multiomics: ", from.size(), " modalities for ", sources.size(),
                       " sources");
    Matrix<float> out(from.front().cells(), n_condition());
    Index at = 0;
    for (std::size_t m = 0; m < from.size(); ++m) {
      LATENTCELL_REQUIRE(from[m].cells() == out.rows(), "multiomics: '", from[m].name, "' has ", from[m].cells(),
                         " cells but '", from.front().name, "' ", out.rows());
      out.middleCols(at, sources[m].n_condition()) = sources[m].condition_features(from[m]);
      at += sources[m].n_condition();
    }
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("target", self.target);
    f("sources", self.sources);
    f("flows", self.flows);
    f("stacking", self.stacking);
    f("joint", self.joint);
  }
};

}  // namespace latentcell::multiomics
