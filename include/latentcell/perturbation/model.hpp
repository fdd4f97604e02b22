#pragma once

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/gene_set.hpp>
#include <latentcell/condition/continuous_covariate.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/latent/fit_ot_flow.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/model_file.hpp>
#include <latentcell/latent/match_cells.hpp>

// What a perturbation makes of cells that were only ever seen without it.

namespace latentcell {

/// How the flow says what a perturbation does to a cell's latent.
enum class PerturbationForm {
  between,  ///< a flow that starts at control cells and ends at perturbed ones
  given,    ///< a flow from noise to perturbed cells, told the latent of the control cell
  moved,    ///< a flow from noise to the movement of the latent, told the latent of the control cell
};

/// The defaults are those of docs/results.md, but for the autoencoder's genes.
struct PerturbationOptions {
  VaeOptions vae{.hidden = {256}, .latent = 20, .dropout = 0.2f, .count_thinning = 0.7f, .kl_weight = 0.5f};
  LikelihoodOptions likelihood{.dispersion = Dispersion::gene_cell};
  /// Its latent is the autoencoder's; dropout keeps the movement smooth between groups, and so true for the next one.
  ResidualMlpOptions backbone{.latent = 20, .width = 128, .depth = 2, .condition = 32, .dropout = 0.2f};
  PerturbationForm form = PerturbationForm::between;
  std::string condition = "condition";  ///< obs column of what was done to a cell
  std::string control = "control";      ///< its level that means nothing was done
  std::string group = "";               ///< obs column of cell types: cells are paired within them; empty: all together
  std::string dose = "";                ///< obs column of doses or other numbers; empty: none
  float dose_scale = 1;                 ///< their range, roughly
  std::vector<std::string> seen =
      {};                          ///< conditions trained on whose mean error is learned; see fit_response_correction
  std::vector<std::string> parts;  ///< what conditions are made of: "STIM", or genes that are joined by '+'
  Index embedding = 16;            ///< numbers that a part is known by; see GeneSet
};

/// Stage 1 and stage 2 of perturbation prediction. The autoencoder knows nothing of conditions: they are places in its
/// latent. The flow knows nothing of groups, only where a cell lies: so it can speak of a group that it never saw
/// perturbed, by what it saw nearby.
struct Perturbation {
  using Autoencoder = Vae<float, NegativeBinomial<float>>;
  using Doing = FromObs<GeneColumn, GeneSet<float>>;
  using Amount = FromObs<NumberColumns, ContinuousCovariate<float>>;
  using Flow = LatentFlow<ResidualMlp<float>, Conditions<Doing, Amount, Amount>>;

  PerturbationOptions options;
  Autoencoder vae;
  Flow flow;
  Buffer<float> response;  // (seen, G) factors on the genes' means (at dose_scale, with a dose), 1 until learned
  Buffer<float> excess;    // (seen, G) in (0, 1]: factors on what cells vary beyond Poisson noise, 1 until learned

  Perturbation(const PerturbationOptions& o, Rng& rng) : Perturbation(o, {}, rng) {}

  /// With given embeddings of the parts, kept as they are: what lets a part be predicted that was never seen.
  /// embeddings (parts, E)
  Perturbation(const PerturbationOptions& o, const Matrix<float>& embeddings, Rng& rng)
      : options(o),
        vae(o.vae, rng, o.likelihood),
        flow(RectifiedFlow{.coupling = Coupling::optimal}, ResidualMlp<float>(o.backbone, rng),
             conditions(Combine::sum, doing(o, embeddings, rng), amount(o, rng), start(o, rng)),
             {.label_dropout = 0, .attribute_dropout = 0}),
        response(Index(o.seen.size()), o.vae.genes),
        excess(Index(o.seen.size()), o.vae.genes) {
    response.value.setOnes();
    excess.value.setOnes();
    LATENTCELL_REQUIRE(o.backbone.latent == o.vae.latent, "Perturbation: the autoencoder's latent has ", o.vae.latent,
                       " dimensions but the flow's ", o.backbone.latent);
  }

  /// What the parts are known by; frozen where they were given.   (parts, E)
  const Param<float>& embeddings() const { return std::get<0>(flow.condition.parts).conditioner.genes; }

  /// Names of the obs columns that tell the flow the latent of the control cell.
  static std::vector<std::string> start_columns(Index latent) {
    std::vector<std::string> out;
    for (Index k = 0; k < latent; ++k) out.push_back(text("control_latent_", k));
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("vae", self.vae);
    f("flow", self.flow);
    f("response", self.response);
    f("excess", self.excess);
  }

 private:
  static Doing doing(const PerturbationOptions& o, const Matrix<float>& embeddings, Rng& rng) {
    LATENTCELL_REQUIRE(!o.parts.empty(), "Perturbation: no perturbation is named");
    LATENTCELL_REQUIRE(embeddings.size() == 0 || embeddings.rows() == Index(o.parts.size()),
                       "Perturbation: ", embeddings.rows(), " embeddings for ", o.parts.size(), " perturbations");
    const Index width = o.backbone.condition;
    return from_obs(GeneColumn{o.condition, o.parts, o.control},
                    embeddings.size() > 0 ? GeneSet<float>(embeddings, width, rng)
                                          : GeneSet<float>(Index(o.parts.size()), o.embedding, width, rng));
  }
  static Amount amount(const PerturbationOptions& o, Rng& rng) {
    return from_obs(NumberColumns{{o.dose.empty() ? "no dose" : o.dose}},
                    ContinuousCovariate<float>({.width = o.backbone.condition, .scale = o.dose_scale}, rng));
  }
  static Amount start(const PerturbationOptions& o, Rng& rng) {
    return from_obs(NumberColumns{start_columns(o.vae.latent)},
                    ContinuousCovariate<float>({.columns = o.vae.latent, .width = o.backbone.condition}, rng));
  }
};

namespace detail {

/// Rows of control cells and of the others; cells without a condition are neither.
struct ControlSplit {
  std::vector<Index> control, perturbed;

  ControlSplit(const Annotation& obs, const PerturbationOptions& o) {
    const Categorical what = obs.labels(o.condition);
    const int none = what.code(o.control);
    for (std::size_t i = 0; i < what.codes.size(); ++i) {
      if (what.codes[i] == Categorical::missing) continue;
      (what.codes[i] == none ? control : perturbed).push_back(Index(i));
    }
    LATENTCELL_REQUIRE(!control.empty(), "perturbation: no cell is '", o.control, "' in column '", o.condition, "'");
    LATENTCELL_REQUIRE(!perturbed.empty(), "perturbation: all cells are '", o.control, "' in column '", o.condition,
                       "': there is nothing to learn from");
  }
};

/// Adds the latents of cells as obs columns that the flow reads.
inline void tell_start(LatentTable& cells, const Matrix<float>& start) {
  const std::vector<std::string> names = Perturbation::start_columns(start.cols());
  for (Index k = 0; k < start.cols(); ++k) {
    std::vector<double> column(to_size(start.rows()));
    for (Index i = 0; i < start.rows(); ++i) column[to_size(i)] = double(start(i, k));
    cells.cell_columns.set(names[to_size(k)], std::move(column));
  }
}

}  // namespace detail

/// Trains stage 2 on encoded cells, control and perturbed ones. Goes on after the epochs that `state` has seen.
template <class... Hooks>
void fit_flow(TrainState<float>& state, Perturbation& model, const LatentTable& latents, const FitOptions& options,
              Hooks&&... hooks) {
  const PerturbationOptions& o = model.options;
  const detail::ControlSplit split(latents.cell_columns, o);
  const LatentTable control = latents.select_cells(split.control);
  LatentTable perturbed = latents.select_cells(split.perturbed);
  if (o.form == PerturbationForm::between) {
    fit_ot_flow(state, model.flow, control, perturbed, {.match = o.group}, options, hooks...);
    return;
  }
  Rng rng(options.seed, 21);
  const std::vector<Index> pairs =
      match_cells(control, perturbed, o.group, read_conditions(model.flow.condition, perturbed.cell_columns), rng);
  const Matrix<float> start = control.select_cells(pairs).mean;
  detail::tell_start(perturbed, start);
  if (o.form == PerturbationForm::moved) perturbed.mean -= start;
  fit_from(state, model.flow, perturbed, options, hooks...);
}

/// Latents of control cells after a perturbation.
/// wanted: obs of the cells as they are to be: the condition and, where the model has one, the dose
inline LatentTable perturbed_latents(const Perturbation& model, const LatentTable& control, const Annotation& wanted,
                                     Index steps, Rng& rng) {
  const SampleOptions how{.steps = steps};
  if (model.options.form == PerturbationForm::between) return push_forward(model.flow, control, wanted, how, 0, rng);
  LatentTable told = control;
  told.cell_columns = wanted;
  detail::tell_start(told, control.mean);
  LatentTable out = model.flow.generate({.cells = told.cell_columns, .steps = steps}, rng);
  if (model.options.form == PerturbationForm::moved) out.mean += control.mean;
  out.cell_names = control.cell_names;
  out.cell_columns = wanted;
  out.library = control.library;
  return out;
}

/// Writes a trained model to one safetensors file. Throws std::runtime_error naming the file; what stood there stays
/// then.
inline void save(const std::string& path, const Perturbation& model) {
  const PerturbationOptions& o = model.options;
  io::SafeTensors file;
  auto& m = file.metadata;
  m["latentcell.kind"] = "perturbation";
  detail::describe(file, o.vae, o.likelihood, model.vae.gene_names);
  detail::describe(file, o.backbone);
  m["form"] = text(int(o.form));
  m["condition"] = o.condition;
  m["control"] = o.control;
  m["group"] = o.group;
  m["dose"] = o.dose;
  m["dose_scale"] = detail::exactly(double(o.dose_scale));
  m["parts"] = detail::join(o.parts);
  m["seen"] = detail::join(o.seen);
  m["embedding"] = text(model.embeddings().value.cols());
  m["embedding.given"] = model.embeddings().frozen ? "1" : "0";
  io::store(file, "model", model);
  io::save_safetensors(path, file);
}

/// Loads what save wrote. Throws std::runtime_error naming the file and what is wrong with it.
inline Perturbation load_perturbation(const std::string& path) {
  detail::ModelFile from(path, "perturbation");
  PerturbationOptions o;
  from.read(o.vae, o.likelihood);
  from.read(o.backbone);
  o.form = PerturbationForm(from.choice("form", 3));
  o.condition = from.word("condition");
  o.control = from.word("control");
  o.group = from.word("group");
  o.dose = from.word("dose");
  o.dose_scale = float(from.number("dose_scale"));
  o.parts = from.list("parts");
  o.seen = from.list("seen");
  o.embedding = from.whole("embedding");
  const auto given = from.file.metadata.find("embedding.given");  // older files lack it
  Matrix<float> embeddings;
  if (given != from.file.metadata.end() && given->second == "1") embeddings.setZero(Index(o.parts.size()), o.embedding);
  Rng rng(0);
  Perturbation model(o, embeddings, rng);
  if (from.file.find("model.excess") == nullptr) {  // older files lack it
    from.file.add("model.excess", model.excess.value.data(), {model.excess.value.rows(), model.excess.value.cols()});
  }
  io::restore(from.file, path, "model", model);
  model.vae.gene_names = from.gene_names();
  return model;
}

}  // namespace latentcell
