#pragma once

#include <string>

#include <latentcell/io/save_model.hpp>
#include <latentcell/mapping/model.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

/// Writes an adapted model to one safetensors file, with the latents and components of its replay cells.
/// Throws std::runtime_error with the path. An existing file is left unchanged on failure.
template <class Backbone>
void save(const std::string& path, const ModelOf<Backbone>& model) {
  io::save_model(path, model);
}

/// Loads a model that `save` wrote.
/// Throws std::runtime_error with the path and what is wrong with the file.
template <class Backbone = ResidualMlp<float>>
ModelOf<Backbone> load(const std::string& path) {
  return io::load_model<ModelOf<Backbone>>(path);
}

}  // namespace latentcell::mapping
