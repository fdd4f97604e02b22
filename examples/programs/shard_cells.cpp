// Shuffles the cells of h5ad files of any size, once, into shards that are read fast in blocks.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>

#include <latentcell/io/shard_cells.hpp>
#include <latentcell/train/stop_on_signal.hpp>

#include "support/run.hpp"
#include "support/shard_options.hpp"

namespace lc = latentcell;
using lc::Index;
using program::print_line;
using Settings = program::ShardSettings;

namespace {

// What is left of the memory for counts.
Index memory_for_counts(const Settings& s, const lc::io::H5adShards& cells) {
  constexpr double a_cell = 40, others = 5e7;
  const double taken = program::resident_memory() + a_cell * double(cells.cells()) + others;
  const double left = s.gigabytes * 1e9 - taken;
  if (left < 5e7)
    lc::throw_runtime("names and obs of ", cells.cells(), " cells take ", Index(taken / 1e6),
                      " MB: --memory must be larger");
  return Index(left);
}

// Ends the program while a shard is being packed, which cannot be stopped.
[[noreturn]] void give_up(const Settings& s) {
  std::error_code ignored;
  std::filesystem::remove_all(lc::io::AtomicFolder::temporary_of(s.folder), ignored);
  program::exit_interrupted();
  std::_Exit(program::interrupted);
}

lc::io::ShardedCells shard(const Settings& s, lc::io::H5adShards& cells, const lc::io::ShardCellsOptions& options) {
  const lc::StopOnSignal stop;
  bool writes = false;
  const auto progress = [&](double share) {
    if (share > 0.5 && !writes) program::doing("writing shards");
    writes = share > 0.5;
    return stop.signal() == 0;
  };
  program::doing("reading cells");
  auto work = std::async(std::launch::async, [&] { return lc::io::shard_cells(cells, s.folder, options, progress); });
  constexpr int patience = 20;  // waits after a signal: a second
  for (int after = 0; work.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready;) {
    if (stop.signal() != 0 && ++after > patience) give_up(s);
  }
  return work.get();
}

int run(const Settings& s) {
  program::begin(s, s.files);
  program::stopping_means("stopped: nothing was written");
  program::doing("opening files");
  lc::io::H5adShards cells(s.files,
                           {.layer = s.layers.empty() || s.layers[0] == "X" ? "" : s.layers[0],
                            .values = s.round ? lc::io::Values::rounded : lc::io::Values::counts,
                            .try_first = !s.trust_input},
                           {}, lc::io::Layouts::any);
  print_line(lc::text(cells.cells(), " cells, ", cells.genes(), " genes"));
  lc::io::ShardCellsOptions options = s.shards;
  options.seed = s.seed;
  options.memory = memory_for_counts(s, cells);
  const lc::io::ShardedCells done = shard(s, cells, options);
  for (const std::string& note : cells.notes()) print_line("note: " + note);
  if (done.files.empty()) return program::exit_interrupted();
  if (Index(done.files.size()) > (done.cells + options.cells - 1) / options.cells)
    print_line(lc::text("note: shards have ", done.largest, " cells at most, for the memory"));
  print_line("note: layers, obsm and uns are not in the shards; obs has source_file and source_row");
  program::print_verdict(lc::text("wrote ", done.cells, " cells, ", done.nonzeros, " non-zeros, to ", done.files.size(),
                                  done.files.size() == 1 ? " shard in " : " shards in ", s.folder));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::guarded("shard_cells", [&] { return run(program::parse_shards(argc, argv)); });
}
