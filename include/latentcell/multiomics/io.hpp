#pragma once

#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/model_file.hpp>
#include <latentcell/multiomics/joint_model.hpp>
#include <latentcell/multiomics/model.hpp>

namespace latentcell::multiomics {

/// Writes a trained model to one safetensors file. Throws std::runtime_error with the path; an existing file is
/// unchanged on failure.
inline void save(const std::string& path, const Model& model) {
  io::SafeTensors file;
  file.metadata["latentcell.kind"] = "translation";
  latentcell::detail::describe_ensemble(file, model.flows.options);
  file.metadata["sources"] = text(model.sources.size());
  latentcell::detail::describe_encoder(file, "target", model.target);
  for (std::size_t s = 0; s < model.sources.size(); ++s)
    latentcell::detail::describe_encoder(file, text("source_", s), model.sources[s]);
  if (model.joint) detail::describe(file, "joint", *model.joint);
  io::store(file, "model", model);
  io::save_safetensors(path, file);
}

/// Loads what save() wrote. Throws std::runtime_error with the path and what is wrong with the file.
inline Model load(const std::string& path) {
  const latentcell::detail::ModelFile from(path, "translation");
  const auto encoder = [&](const std::string& key) {
    return latentcell::detail::read_encoder<conformal::ModalityEncoder>(from, key);
  };
  std::vector<conformal::ModalityEncoder> sources;
  for (Index s = 0; s < from.whole("sources"); ++s) sources.push_back(encoder(text("source_", s)));
  Rng rng(0);
  Model model({.ensemble = latentcell::detail::read_ensemble<conformal::EnsembleOptions>(from)}, encoder("target"),
              std::move(sources), rng);
  if (from.file.metadata.count("joint.parts") > 0) model.joint = detail::read_joint(from, "joint");
  io::restore(from.file, path, "model", model);
  return model;
}

}  // namespace latentcell::multiomics
