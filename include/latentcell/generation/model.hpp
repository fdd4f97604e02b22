#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/latent/instances.hpp>
#include <latentcell/latent/latent_flow.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// The options struct of a backbone.
template <class Backbone>
using BackboneOptions = std::remove_cvref_t<decltype(std::declval<Backbone>().options)>;

namespace detail {

// Chosen on folds of training sets (docs/results.md): few cells need strong regularisation.
inline VaeOptions measured_vae() {
  VaeOptions o;
  o.latent = 10;
  o.dropout = 0.3f;
  o.kl_weight = 0.5f;
  o.count_thinning = 0.7f;
  return o;
}

template <class Backbone>
BackboneOptions<Backbone> measured_backbone() {
  BackboneOptions<Backbone> o;
  o.latent = 10;
  if constexpr (std::is_same_v<BackboneOptions<Backbone>, ResidualMlpOptions>) {
    o.width = 192;
    o.depth = 2;
  }
  return o;
}

}  // namespace detail

/// The defaults are the values measured in docs/results.md; `options_for` fills in genes and levels.
template <class Backbone>
struct OptionsOf {
  VaeOptions vae = detail::measured_vae();
  LikelihoodOptions likelihood{.dispersion = Dispersion::gene_cell};
  BackboneOptions<Backbone> backbone = detail::measured_backbone<Backbone>();  ///< latent as the autoencoder's
  LatentFlowOptions flow;
  RectifiedFlow path;
  std::string label = "cell_type";   ///< obs column that generation is conditioned on
  std::vector<std::string> levels;   ///< its levels
  std::string batch_covariate = "";  ///< obs column that the decoder takes besides the latent; empty: none
  std::vector<std::string> batch_covariate_levels;  ///< its levels

  static void visit(auto& self, auto&& f) {
    f("vae", self.vae);
    f("likelihood", self.likelihood);
    f("backbone", self.backbone);
    f("flow", self.flow);
    f("path", self.path);
    f("label", self.label);
    f("levels", self.levels);
    f("batch_covariate", self.batch_covariate);
    f("batch_covariate_levels", self.batch_covariate_levels);
  }
};

/// Two-stage generator of counts: an autoencoder, a flow over its latents conditioned on a label, and their names.
/// A value that is trained (fit.hpp), sampled (predict.hpp), saved and loaded (io.hpp).
template <class Backbone>
struct ModelOf {
  static_assert(std::is_same_v<typename Backbone::Scalar, float>,
                "generation::ModelOf is float: give it a backbone of float");
  using Autoencoder = Vae<float, NegativeBinomial<float>>;
  using Flow = LatentFlow<Backbone, FromObs<ObsCategory, CategoricalCovariate<float>>>;
  using Options = OptionsOf<Backbone>;
  static constexpr std::string_view kind = "generation";

  Options options;
  Autoencoder vae;
  Flow flow;
  Buffer<float> composition;  // (levels + 1, batch covariate levels + 1) training cells, the last of both unknown
  Buffer<float> gene_scale;   // (levels, G) factor on the genes' means in sampled counts; 1 before calibrate_gene_means

  ModelOf(const Options& o, Rng& rng)
      : options(check_options("generation::Model", o)),
        vae(o.vae, rng, o.likelihood),
        flow(
            o.path, Backbone(o.backbone, rng),
            from_obs(o.label, o.levels, CategoricalCovariate<float>(Index(o.levels.size()), o.backbone.condition, rng)),
            o.flow),
        composition(Index(o.levels.size()) + 1, Index(o.batch_covariate_levels.size()) + 1),
        gene_scale(Index(o.levels.size()), o.vae.genes) {
    gene_scale.value.setOnes();
    LATENTCELL_REQUIRE(o.backbone.latent == o.vae.latent, "generation::Model: the autoencoder's latent has ",
                       o.vae.latent, " dimensions but the flow's ", o.backbone.latent);
    LATENTCELL_REQUIRE(Index(o.batch_covariate_levels.size()) == o.vae.batch_covariate_levels,
                       "generation::Model: ", o.batch_covariate_levels.size(), " names for ",
                       o.vae.batch_covariate_levels, " levels of the batch covariate");
  }

  /// Stores how many training cells have each label and level of the batch covariate.
  /// label (N), batch_covariate (N) codes or empty
  void record_composition(const std::vector<int>& label, const std::vector<int>& batch_covariate = {}) {
    LATENTCELL_REQUIRE(batch_covariate.empty() || batch_covariate.size() == label.size(),
                       "record_composition: ", label.size(), " labels but ", batch_covariate.size(),
                       " codes of the batch covariate");
    Matrix<double> cells = Matrix<double>::Zero(composition.value.rows(), composition.value.cols());
    for (std::size_t i = 0; i < label.size(); ++i) {
      const Index l = label[i] < 0 ? cells.rows() - 1 : Index(label[i]);
      const Index b = batch_covariate.empty() || batch_covariate[i] < 0 ? cells.cols() - 1 : Index(batch_covariate[i]);
      LATENTCELL_REQUIRE(l < cells.rows() && b < cells.cols(), "record_composition: cell ", i, " has label ", label[i],
                         " and level ", batch_covariate.empty() ? -1 : batch_covariate[i],
                         ", which the model does not have");
      cells(l, b) += 1;  // in double: a float counts to 16,777,216
    }
    composition.value = cells.template cast<float>();
  }
  /// Returns the codes of label and batch covariate of each training cell, sorted by label; -1 is unknown.
  std::pair<std::vector<int>, std::vector<int>> training_labels() const {
    const Matrix<float>& cells = composition.value;
    std::pair<std::vector<int>, std::vector<int>> out;
    for (Index l = 0; l < cells.rows(); ++l) {
      for (Index b = 0; b < cells.cols(); ++b) {
        for (int n = int(cells(l, b)); n > 0; --n) {
          out.first.push_back(l + 1 == cells.rows() ? -1 : int(l));
          out.second.push_back(b + 1 == cells.cols() ? -1 : int(b));
        }
      }
    }
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("vae", self.vae);
    f("flow", self.flow);
    f("composition", self.composition);
    f("gene_scale", self.gene_scale);
  }
};

/// With the backbone that measured best on latents of a few dimensions (docs/results.md): as good as a transformer at a
/// sixth of its time.
using Model = ModelOf<ResidualMlp<float>>;
using Options = Model::Options;

}  // namespace latentcell::generation
