#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <latentcell/data/split.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/continuous_covariate.hpp>
#include <latentcell/condition/gene_set.hpp>
#include <latentcell/latent/latent_flow.hpp>
#include <latentcell/perturbation/dose_column.hpp>
#include <latentcell/perturbation/response_mixture.hpp>

// Predicts the perturbed state of cells observed only in control.

namespace LATENTCELL_NAMESPACE::perturbation {

/// How the flow represents the effect of a perturbation on a cell's latent.
enum class PerturbationForm {
  ot_flow,            ///< a flow from control cells to perturbed cells, paired by optimal transport
  conditional_flow,   ///< a flow from noise to perturbed cells, conditioned on the latent of the control cell
  displacement_flow,  ///< a flow from noise to the displacement of the latent, conditioned on that of the control cell
};

/// Architecture and obs columns. The defaults are those of docs/results.md, except the autoencoder's genes.
struct Options {
  VaeOptions vae{.hidden = {256}, .latent = 20, .dropout = 0.2f, .count_thinning = 0.7f, .kl_weight = 0.5f};
  LikelihoodOptions likelihood{.dispersion = Dispersion::gene_cell};
  /// Its latent is the autoencoder's. Dropout keeps the displacement smooth across groups, so that it generalises.
  ResidualMlpOptions backbone{.latent = 20, .width = 128, .depth = 2, .condition = 32, .dropout = 0.2f};
  PerturbationForm form = PerturbationForm::ot_flow;
  std::string condition = "condition";  ///< obs column of the perturbation
  std::string control = "control";      ///< its level of unperturbed cells
  std::string group = "";  ///< obs column of cell types: cells are paired within a level; empty: cells are one group
  std::string dose = "";   ///< obs column of doses or other numbers; empty: none
  float dose_scale = 1;    ///< largest dose, in units of the column; above 0
  Index embedding = 16;    ///< dimensions of the embedding of a single perturbation, at least 1; unused where given

  static void visit(auto& self, auto&& f) {
    f("vae", self.vae);
    f("likelihood", self.likelihood);
    f("backbone", self.backbone);
    f("form", self.form);
    f("condition", self.condition);
    f("control", self.control);
    f("group", self.group);
    f("dose", self.dose);
    f("dose_scale", self.dose_scale, above(0));
    f("embedding", self.embedding, at_least(1));
  }
};

/// Returns the group of each cell; "all" for every cell where the model has no group column.
inline Categorical group_labels(const Annotation& obs, const Options& o) {
  return o.group.empty() ? no_labels(obs.rows()) : obs.labels(o.group);
}

/// Which perturbations the model has.
struct Vocabulary {
  std::vector<std::string> single_perturbations;     ///< genes or compounds that conditions combine: "A", "B"
  std::vector<std::string> trained_conditions = {};  ///< conditions of the training cells: "A", "A+B"

  /// Throws std::invalid_argument where a condition combines anything but single perturbations.
  void require(const std::string& condition) const {
    for (const std::string& name : joined_names(condition)) {
      if (std::count(single_perturbations.begin(), single_perturbations.end(), name) == 0)
        throw_invalid("'", name, "' of perturbation '", condition, "' is none of the ", single_perturbations.size(),
                      " single perturbations of the model: ", Categorical{single_perturbations, {}}.list());
    }
  }
};

/// Stage 1 and stage 2 of perturbation prediction. The autoencoder is not conditioned: conditions differ by their
/// latents. The flow is conditioned on the latent and the perturbation, not on the group; it therefore applies to
/// groups that were never perturbed in training.
struct Model {
  static constexpr std::string_view kind = "perturbation";
  /// Obs column of vectors, the latents of the control cells, that a conditional or displacement flow reads.
  static constexpr const char* control_latent_column = "control_latent";

  using Autoencoder = Vae<float, NegativeBinomial<float>>;
  using PerturbationCondition = FromObs<ObsGenes, GeneSet<float>>;
  using DoseCondition = FromObs<DoseColumn, ContinuousCovariate<float>>;
  using ControlCondition = FromObs<ObsVectors, ContinuousCovariate<float>>;
  using Flow = LatentFlow<ResidualMlp<float>, Conditions<PerturbationCondition, DoseCondition, ControlCondition>>;

  Options options;
  Vocabulary vocabulary;
  Autoencoder vae;
  Flow flow;
  Buffer<float> mean_correction;       // (conditions, G) factors on gene means (at dose_scale, with a dose), above 0
  Buffer<float> overdispersion_scale;  // (conditions, G) factors on the variance beyond Poisson noise, in (0, 1]
  Buffer<float> mixture;               // (1, 14) of MixtureChoice; see mixture_choice
  Buffer<float> group_effect;          // (conditions * trained groups, G) see GroupEffects: value / precision
  Buffer<float> group_precision;       // the same shape
  Buffer<float> group_profile;         // (trained groups, G) log1p(CP10K) of the control cells together

  Model(const Options& o, const Vocabulary& v, Rng& rng) : Model(o, v, {}, rng) {}

  /// With given embeddings of the single perturbations, which stay frozen. They allow predictions for a perturbation
  /// without training cells.
  ///
  /// embeddings (single perturbations, E)
  Model(const Options& o, const Vocabulary& v, const Matrix<float>& embeddings, Rng& rng)
      : options(o),
        vocabulary(v),
        vae(check_options("perturbation::Model", o).vae, rng, o.likelihood),
        flow(RectifiedFlow{.coupling = Coupling::optimal}, ResidualMlp<float>(o.backbone, rng),
             conditions(Combine::sum, perturbation_condition(o, v, embeddings, rng), dose_condition(o, rng),
                        control_condition(o, rng)),
             {.label_dropout = 0, .attribute_dropout = 0}),
        mean_correction(Index(v.trained_conditions.size()), o.vae.genes),
        overdispersion_scale(Index(v.trained_conditions.size()), o.vae.genes),
        mixture(1, 14) {
    set_mixture({});
    set_groups(1);
    mean_correction.value.setOnes();
    overdispersion_scale.value.setOnes();
    LATENTCELL_REQUIRE(o.backbone.latent == o.vae.latent, "perturbation::Model: the autoencoder's latent has ",
                       o.vae.latent, " dimensions but the flow's ", o.backbone.latent);
  }

  /// Builds a saved model, for io::load_model.
  static Model from_options(const auto& reader, Rng& rng) {
    using Names = std::vector<std::string>;
    const Options o = reader.template options<Options>();
    const auto [rows, columns] = reader.shape(text("flow.condition.", o.condition, ".conditioner.genes"));
    Model out{
        o,
        {reader.template value<Names>("single_perturbations"), reader.template value<Names>("trained_conditions")},
        Matrix<float>(Matrix<float>::Zero(rows, columns)),
        rng};
    out.set_groups(std::get<0>(reader.shape("group_profile")));
    return out;
  }

  /// How the means of new groups are predicted, as fit_response_correction chose it.
  MixtureChoice mixture_choice() const {
    const float* b = mixture.value.data();
    const auto error = [&](int k) { return b[k] < 0 ? std::numeric_limits<double>::quiet_NaN() : double(b[k]); };
    const auto weighting = b[3] > 0 ? GroupWeighting::by_cells : GroupWeighting::random_effects;
    const auto cells = b[10] > 0 ? CellSampling::counterfactual : CellSampling::decoded;
    return {{double(b[0]), double(b[1]), double(b[2]), weighting, cells, double(b[13])},
            error(4),
            error(5),
            error(6),
            error(7),
            error(8),
            error(9),
            error(11),
            error(12)};
  }
  void set_mixture(const MixtureChoice& c) {
    const auto error = [](double x) { return std::isfinite(x) ? float(x) : -1.0f; };  // files hold no NaN
    const auto energy = [](double x) { return std::isfinite(x) ? std::max(0.0f, float(x)) : -1.0f; };
    mixture.value << float(c.mixture.control_weight), float(c.mixture.strength), float(c.mixture.similarity),
        c.mixture.weighting == GroupWeighting::by_cells ? 1.0f : 0.0f, error(c.error), error(c.no_change),
        error(c.common), error(c.pooled), error(c.nearest), error(c.flow),
        c.mixture.cells == CellSampling::counterfactual ? 1.0f : 0.0f, energy(c.energy), energy(c.energy_decoded),
        float(c.mixture.shrinkage);
  }
  /// Makes room for the effects of trained groups.
  void set_groups(Index groups) {
    const Index genes = options.vae.genes;
    group_effect = group_precision = Buffer<float>(groups * Index(vocabulary.trained_conditions.size()), genes);
    group_profile = Buffer<float>(groups, genes);
  }

  /// Embeddings of the single perturbations, frozen where they were given.     -> (single perturbations, E)
  const Param<float>& embeddings() const { return std::get<0>(flow.condition.parts).conditioner.genes; }

  static void visit(auto& self, auto&& f) {
    f("vae", self.vae);
    f("flow", self.flow);
    f("single_perturbations", self.vocabulary.single_perturbations);
    f("trained_conditions", self.vocabulary.trained_conditions);
    f("mean_correction", self.mean_correction);
    f("overdispersion_scale", self.overdispersion_scale);
    f("mixture", self.mixture);
    f("group_effect", self.group_effect);
    f("group_precision", self.group_precision);
    f("group_profile", self.group_profile);
  }

 private:
  static PerturbationCondition perturbation_condition(const Options& o, const Vocabulary& v,
                                                      const Matrix<float>& embeddings, Rng& rng) {
    const Index count = Index(v.single_perturbations.size()), width = o.backbone.condition;
    LATENTCELL_REQUIRE(count > 0, "perturbation::Model: the vocabulary has no single perturbation");
    LATENTCELL_REQUIRE(embeddings.size() == 0 || embeddings.rows() == count, "perturbation::Model: ", embeddings.rows(),
                       " embeddings for ", count, " single perturbations");
    return from_obs(ObsGenes{o.condition, v.single_perturbations, o.control},
                    embeddings.size() > 0 ? GeneSet<float>(embeddings, width, rng)
                                          : GeneSet<float>(count, o.embedding, width, rng));
  }
  static DoseCondition dose_condition(const Options& o, Rng& rng) {
    return {DoseColumn{o.dose},
            ContinuousCovariate<float>({.width = o.backbone.condition, .scale = o.dose_scale}, rng)};
  }
  static ControlCondition control_condition(const Options& o, Rng& rng) {
    return from_obs(ObsVectors{control_latent_column, o.vae.latent},
                    ContinuousCovariate<float>({.columns = o.vae.latent, .width = o.backbone.condition}, rng));
  }
};

}  // namespace latentcell::perturbation
