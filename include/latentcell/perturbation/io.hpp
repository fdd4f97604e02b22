#pragma once

#include <string>

#include <latentcell/io/save_model.hpp>
#include <latentcell/perturbation/model.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Writes a trained model to one safetensors file. Throws std::runtime_error with the path. An existing file is left
/// unchanged on failure.
inline void save(const std::string& path, const Model& model) { io::save_model(path, model); }

/// Loads what save wrote. Throws std::runtime_error with the path and the fault.
inline Model load(const std::string& path) { return io::load_model<Model>(path); }

}  // namespace latentcell::perturbation
