#pragma once

#include <string>

#include <latentcell/generation/model.hpp>
#include <latentcell/io/save_model.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Writes a trained model to one safetensors file: weights, scales, library sizes, options and names.
/// Throws std::runtime_error with the path. An existing file is left unchanged on failure.
template <class Backbone>
void save(const std::string& path, const ModelOf<Backbone>& model) {
  io::save_model(path, model);
}

/// Loads a model that `save` wrote: load<Dit<float>>(path) with another backbone.
/// Throws std::runtime_error with the path and what is wrong with the file.
template <class Backbone = ResidualMlp<float>>
ModelOf<Backbone> load(const std::string& path) {
  return io::load_model<ModelOf<Backbone>>(path);
}

#ifdef LATENTCELL_INSTANCES
extern template void save<ResidualMlp<float>>(const std::string&, const ModelOf<ResidualMlp<float>>&);
extern template ModelOf<ResidualMlp<float>> load<ResidualMlp<float>>(const std::string&);
#endif

}  // namespace latentcell::generation
