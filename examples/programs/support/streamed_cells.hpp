#pragma once

#include <memory>
#include <string>
#include <vector>

#include <latentcell/data/streamed_table.hpp>

#include "read.hpp"

// Cells that are read while they are used (--stream).

namespace program {

/// Random stream of the sample that stands for streamed cells where cells themselves are needed.
inline constexpr std::uint64_t sample_stream = 17;

/// Options of programs that stream.
struct StreamSettings {
  std::vector<std::string> files;  ///< of --data
  bool stream = false;
  double stream_memory = 1;  ///< GiB
};

/// Adds --data, which may be given several times, how it is read, --stream and --stream-memory; returns the first.
CLI::Option* add_streamed_input(CLI::App& app, Common& c, StreamSettings& stream);

/// Takes over what was given for them; refuses several files of cells that are not streamed.
void check_streamed_input(const About& about, Common& c, StreamSettings& stream);

/// Open files and the cells in them.
struct StreamedCells {
  std::shared_ptr<void> files;
  lc::StreamedTable table;
};

/// Opens h5ad files, or the h5ad files of a folder, as one table, of which the windows get three quarters of the
/// memory. Prints the readers' notes.
StreamedCells open_cells(const Common& s, const StreamSettings& stream, const std::vector<std::string>& paths);

/// Cells that may be in memory beside the windows: at most 20,000, and an eighth of the memory.
lc::Index most_sampled(const StreamSettings& stream, const lc::StreamedTable& cells);

/// These cells in memory, or, where they are more than `most`, a sample with the same shares of labels.
lc::CellTable sample_of(const Common& s, const lc::StreamedTable& cells, const std::string& label, lc::Index most);

/// Prints and returns how the cells are shuffled, in minibatches of `batch`.
Json describe_stream(const lc::StreamedTable& train, lc::Index batch);

}  // namespace program
