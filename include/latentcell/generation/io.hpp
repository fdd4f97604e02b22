#pragma once

#include <string>

#include <latentcell/generation/model.hpp>
#include <latentcell/latent/model_file.hpp>

namespace latentcell::generation {

/// Writes a trained model to one safetensors file: weights, scales, library sizes, options and names.
/// Throws std::runtime_error with the path. An existing file is left unchanged on failure.
template <class Backbone>
void save(const std::string& path, const ModelOf<Backbone>& model) {
  const auto& o = model.options;
  io::SafeTensors file;
  auto& m = file.metadata;
  m["latentcell.kind"] = "generation";
  latentcell::detail::describe(file, o.vae, o.likelihood, model.vae.gene_names);
  latentcell::detail::describe(file, o.backbone);
  m["label"] = o.label;
  m["levels"] = latentcell::detail::join(o.levels);
  m["batch"] = o.batch;
  m["batch_levels"] = latentcell::detail::join(o.batch_levels);
  io::store(file, "model", model);
  io::save_safetensors(path, file);
}

/// Loads a model that `save` wrote. Throws std::runtime_error with the path and what is wrong with the file.
template <class Backbone = ResidualMlp<float>>
ModelOf<Backbone> load(const std::string& path) {
  const latentcell::detail::ModelFile from(path, "generation");
  OptionsOf<Backbone> o;
  from.read(o.vae, o.likelihood);
  from.read(o.backbone);
  o.label = from.word("label");
  o.levels = from.list("levels");
  o.batch = from.word("batch");
  o.batch_levels = from.list("batch_levels");
  Rng rng(0);
  ModelOf<Backbone> model(o, rng);
  io::restore(from.file, path, "model", model);
  model.vae.gene_names = from.gene_names();
  return model;
}

}  // namespace latentcell::generation
