#pragma once

#include <string>

#include <latentcell/io/save_model.hpp>
#include <latentcell/trajectory/model.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Writes a model, its options and gene names to a safetensors file. An existing file is unchanged on failure.
inline void save(const std::string& path, const Model& model) { io::save_model(path, model); }
/// Throws std::runtime_error with the path where the file is missing, damaged or of another kind of model.
inline Model load(const std::string& path) { return io::load_model<Model>(path); }

}  // namespace latentcell::trajectory
