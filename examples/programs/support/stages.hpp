#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/data/streamed_table.hpp>
#include <latentcell/train/stages.hpp>

#include "report.hpp"

// The --checkpoint folder: stages of training, the trained model, and what both are of.

namespace program {

/// Where a --checkpoint folder holds the trained model.
inline constexpr const char* model_name = "/model.safetensors";

/// The file that --from means: itself, or the model of a folder.
std::string model_file(const std::string& from);

/// Saves a trained model where a --checkpoint folder is given. A folder that cannot be written to costs no results.
template <class Model>
void save_checkpoint(const Common& s, const Model& model, const std::string& name = model_name) {
  if (s.checkpoint.empty()) return;
  try {
    save(s.checkpoint + name, model);
  } catch (const std::runtime_error& e) {
    save_failed(e.what());
  }
}

/// Stages as the options ask for them, with a bar and lines on the console.
lc::Stages make_stages(const Common& s);

/// Says how much memory training will take, and ends the run where that is more than it has: what is in memory now, 16
/// bytes a parameter (value, gradient, two moments) and 12 for a checkpoint, and bytes for cells: of a table those to
/// write, packed too; of a streamed one the memory that it may take.
void check_memory(const Common& s, double parameters, double bytes);
inline void check_memory(const Common& s, double parameters, const lc::CellTable& cells) {
  check_memory(s, parameters, cells.cells() > 0 ? 2 * 8 * double(cells.counts.nonzeros()) : 0);
}
inline void check_memory(const Common& s, double parameters, const lc::StreamedTable& cells) {
  check_memory(s, parameters, double(cells.stream.memory));
}

/// The same stages for this model, where its training fits into memory.
template <class Model, lc::TableOfCells Cells>
lc::Stages make_stages(const Common& s, const Model& model, const Cells& cells) {
  check_memory(s, double(lc::parameter_count(model)), cells);
  return make_stages(s);
}

/// Removes the stages of an earlier run from its --checkpoint folder, so that none is taken for one of the next. The
/// earlier run's final model is kept until the next one overwrites it.
void clear_stages(const std::string& folder);

/// Writes to the --checkpoint folder which data and settings its stages are of; with --resume compares them instead.
/// files: by name, size and hash; keys: settings that training depends on, beside those of group "Training"
/// Throws where they differ: stages of another run may have trained on what this run holds out. Call it after the input
/// has been checked: from here on, what goes wrong is no fault of options or input.
void check_resumable(const Common& s, Json files, const std::vector<std::string>& keys);

}  // namespace program
