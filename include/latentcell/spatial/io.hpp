#pragma once

#include <string>

#include <latentcell/io/save_model.hpp>
#include <latentcell/spatial/model.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Writes a model to one safetensors file.
/// Throws std::runtime_error with the path. An existing file is unchanged on failure.
inline void save(const std::string& path, const Model& model) { io::save_model(path, model); }

/// Reads a model that save() wrote.
/// Throws std::runtime_error with the path and what is wrong with it.
inline Model load(const std::string& path) { return io::load_model<Model>(path); }

}  // namespace latentcell::spatial
