#include "streamed_cells.hpp"

#include <algorithm>
#include <filesystem>

#include <latentcell/data/split.hpp>
#include <latentcell/io/h5ad_shards.hpp>

namespace program {

namespace {

// The files that paths mean: themselves, or the h5ad files of a folder by name.
std::vector<std::string> files_of_cells(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      out.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const fs::directory_entry& entry : fs::directory_iterator(path))
      if (entry.path().extension() == ".h5ad") inside.push_back(entry.path().string());
    if (inside.empty()) lc::throw_runtime(path, ": holds no .h5ad files, which --stream reads");
    std::sort(inside.begin(), inside.end());
    out.insert(out.end(), inside.begin(), inside.end());
  }
  return out;
}

}  // namespace

CLI::Option* add_streamed_input(CLI::App& app, Common& c, StreamSettings& stream) {
  CLI::Option* data = add_input(app, c, &stream.files);
  auto* flag = app.add_flag("--stream", stream.stream, "read the cells of h5ad files while training, in little memory");
  app.add_option("--stream-memory", stream.stream_memory, "GiB that --stream may take for counts")
      ->check(CLI::Range(0.0001, 1e6))
      ->needs(flag);
  flag->needs(data);
  return data;
}

void check_streamed_input(const About& about, Common& c, StreamSettings& stream) {
  if (!stream.files.empty()) c.data = stream.files.front();
  if (stream.files.size() > 1 && !stream.stream) refuse(about, "several files of --data are read with --stream alone");
  if (stream.stream && !c.obs.empty()) refuse(about, "--stream reads obs from the files alone: leave --obs out");
}

StreamedCells open_cells(const Common& s, const StreamSettings& stream, const std::vector<std::string>& paths) {
  const std::vector<std::string> files = files_of_cells(paths);
  doing("opening " + files.front());
  const auto rows = std::make_shared<lc::io::H5adShards>(files, h5ad_options(s, files.front()));
  StreamedCells out{rows, {lc::CountRows(*rows), rows->annotation(), {}}};
  for (const std::string& note : rows->notes()) print_line("note: " + note);
  out.table.stream.memory = Index(0.75 * stream.stream_memory * double(Index(1) << 30));
  return out;
}

Index most_sampled(const StreamSettings& stream, const lc::StreamedTable& cells) {
  const double per_cell = lc::bytes_per_cell(cells.counts.nonzeros_per_row());
  const double fit = stream.stream_memory * double(Index(1) << 30) / 8 / per_cell;
  return Index(std::clamp(fit, 100.0, 20000.0));
}

lc::CellTable sample_of(const Common& s, const lc::StreamedTable& cells, const std::string& label, Index most) {
  if (cells.cells() <= most) return cells.loaded();
  lc::Rng rng(s.seed, sample_stream);
  const double share = double(most) / double(cells.cells());
  return cells.select_cells(lc::stratified_split(cells.obs(label), share, rng).test).loaded();
}

Json describe_stream(const lc::StreamedTable& train, Index batch) {
  const lc::ShuffleShape shape = lc::batches_over(train, {.batch = batch}).shape();
  const double bound = lc::shuffle_variance_bound(shape);
  if (shape.window >= shape.cells) {
    print_line(
        lc::text("note: all ", shape.cells, " training cells fit into the memory of --stream: they are read once"));
  } else {
    print_line(lc::text("note: cells are shuffled ", shape.window, " at a time, in blocks of ", shape.block,
                        "; a minibatch's mean has at most ", bound, " times the variance that a full shuffle gives"));
  }
  return {{"memory", train.stream.memory},
          {"cells", shape.cells},
          {"window", shape.window},
          {"block", shape.block},
          {"variance_bound", bound}};
}

}  // namespace program
