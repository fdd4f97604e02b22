#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <latentcell/core/version.hpp>
#include <latentcell/generation/composition.hpp>
#include <latentcell/generation/predict.hpp>
#include <latentcell/io/atomic_file.hpp>
#include <latentcell/io/h5ad_view.hpp>
#include <latentcell/io/h5ad_write.hpp>
#include <latentcell/io/save_model.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Settings of generate_to.
struct GenerateToOptions {
  GenerateOptions how = {};           ///< of the sampler; first and of are generate_to's own
  Index cells_a_file = 50000;         ///< larger: fewer files, more memory. The cells do not depend on it
  Index first_file = 0;               ///< with `files`: the files of one of several processes
  Index files = 0;                    ///< 0: all from first_file on
  std::string made_of = {};           ///< what the files depend on beside model, cells and sampler: what `finish` adds
  io::H5adWriteOptions written = {};  ///< compression
  std::function<void(CellTable&)> finish = {};           ///< changes the cells of a file before they are written
  std::function<bool(Index done, Index of)> go_on = {};  ///< after each file, with cells; false ends the run

  static void visit(auto& self, auto&& f) {
    f("how", self.how);
    f("cells_a_file", self.cells_a_file, at_least(1));
    f("first_file", self.first_file, at_least(0));
    f("files", self.files, at_least(0));
    f("made_of", self.made_of);
    f("written", self.written);
  }
};

/// What generate_to wrote.
struct GeneratedFiles {
  std::vector<std::string> paths;  ///< of all files of the run, in the order of the cells
  std::string view;                ///< the file that shows all as one; empty where files are missing
  Index cells = 0;                 ///< in all files
  Index kept = 0;                  ///< files that an earlier run had finished
};

/// Throws std::runtime_error where a folder has h5ad files that are of no run of generate_to. For programs that find it
/// out before training; a folder that is not there is fine.
inline void require_no_other_cells(const std::string& folder) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder) || fs::exists(folder + "/run.json")) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".h5ad")
      throw_runtime(folder, ": holds ", entry.path().filename().string(), " of something else: choose another folder");
  }
}

namespace detail {

/// A hash of 128 bits in two parts (FNV-1a, Fowler, Noll and Vo 1991, from two starts).
class RunHash {
 public:
  void add(const void* bytes, std::size_t count) {
    const auto* at = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::uint64_t& part : parts_) part = (part ^ at[i]) * 0x100000001b3U;
      parts_[1] ^= parts_[1] >> 29;
    }
  }
  void add(const std::string& words) { add(words.data(), words.size() + 1); }
  std::string text() const {
    char digits[33];
    std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(parts_[0]),
                  static_cast<unsigned long long>(parts_[1]));
    return digits;
  }

 private:
  std::uint64_t parts_[2] = {0xcbf29ce484222325U, 0x6c62272e07bb0142U};
};

/// One line that two runs have in common if all their files are equal byte by byte.
template <class Backbone>
std::string run_line(const ModelOf<Backbone>& model, const CompositionSampler& target, const Rng& rng,
                     const GenerateToOptions& o) {
  RunHash hash;
  const io::SafeTensors tensors = io::model_tensors(model);
  for (const auto& [name, value] : tensors.metadata) hash.add(name + "=" + value);
  visit_state(model, [&](std::string_view name, const auto& p) {
    hash.add(std::string(name));
    hash.add(p.value.data(), to_size(p.value.size()) * sizeof(*p.value.data()));
  });
  CompositionSampler cells = target;
  for (Composition part = cells.next(o.cells_a_file); !part.label.empty(); part = cells.next(o.cells_a_file)) {
    hash.add(part.label.data(), part.label.size() * sizeof(int));
    hash.add(part.batch_covariate.data(), part.batch_covariate.size() * sizeof(int));
  }
  const Rng::State state = rng.state();
  hash.add(latentcell::text(state.seed, ' ', state.stream, ' ', state.drawn, ' ', o.how.steps, ' ', o.how.guidance, ' ',
                            o.written.compression, ' ', o.written.shuffle, ' ', o.written.narrow, ' ', o.written.chunk,
                            ' ', version));
  hash.add(o.made_of);
  return latentcell::text("{\"run\": \"", hash.text(), "\", \"cells\": ", target.left(),
                          ", \"cells_a_file\": ", o.cells_a_file, "}\n");
}

/// Keeps the line of a run in its folder; refuses a folder with the files of another.
inline void claim_folder(const std::string& folder, const std::string& line) {
  std::error_code trouble;
  std::filesystem::create_directories(folder, trouble);
  if (trouble) throw_runtime(folder, ": cannot be created: ", trouble.message());
  const std::string path = folder + "/run.json";
  if (std::ifstream in(path, std::ios::binary); in) {
    const std::string found{std::istreambuf_iterator<char>(in), {}};
    if (found == line) return;
    throw_runtime(folder, ": holds cells of another run (", path, "): remove them or choose another folder");
  }
  require_no_other_cells(folder);
  io::AtomicFile file(path);
  std::ofstream out(file.temporary(), std::ios::binary);
  out << line;
  out.close();
  if (!out) throw_runtime(path, ": cannot be written: the disk may be full");
  file.commit();
}

/// The names of the files: as many digits as the last one needs, at least four.
inline std::vector<std::string> shard_names(Index files) {
  std::vector<std::string> out;
  const std::size_t width = std::max<std::size_t>(4, std::to_string(files - 1).size());
  for (Index i = 0; i < files; ++i) {
    const std::string number = std::to_string(i);
    out.push_back("cells_" + std::string(width - number.size(), '0') + number + ".h5ad");
  }
  return out;
}

}  // namespace detail

/// Generates any number of cells into a folder, a file at a time: cells_0000.h5ad and so on, and whole.h5ad, one view
/// of all (io/h5ad_view.hpp). Memory holds the cells of one file. A cell's bits depend on its number alone: the files
/// hold what generate() gives for the composition at once, whatever cells_a_file, threads and processes. Files that a
/// run of the same model, cells and settings finished before are kept. run.json says which run a folder is of.
/// target: which cells; rng: as generate() takes it, left as it is
/// Several processes: each with first_file and files of its own; the one that sees all files there writes the view.
/// Throws std::runtime_error for a folder with other cells and where a file cannot be written: finished files stay.
template <class Backbone>
GeneratedFiles generate_to(const ModelOf<Backbone>& model, CompositionSampler target, const std::string& folder,
                           const GenerateToOptions& o, const Rng& rng) {
  check_options("generate_to", o);
  detail::claim_folder(folder, detail::run_line(model, target, rng, o));
  const Index all = (target.left() + o.cells_a_file - 1) / o.cells_a_file;
  LATENTCELL_REQUIRE(o.first_file < all, "generate_to: first_file ", o.first_file, " of ", all, " files");
  const Index last = o.files > 0 ? std::min(all, o.first_file + o.files) : all;
  const std::vector<std::string> names = detail::shard_names(all);
  GeneratedFiles out;
  out.cells = target.left();
  for (const std::string& name : names) out.paths.push_back(folder + "/" + name);
  target.skip(o.first_file * o.cells_a_file);
  for (Index i = o.first_file; i < last; ++i) {
    const std::string& path = out.paths[to_size(i)];
    GenerateOptions how = o.how;
    how.first = i * o.cells_a_file;
    how.of = out.cells;
    if (std::filesystem::exists(path)) {
      target.skip(o.cells_a_file);
      ++out.kept;
    } else {
      Rng own = rng;
      CellTable cells = generate(model, target.next(o.cells_a_file), how, own);
      if (o.finish) o.finish(cells);
      io::write_h5ad(path, cells, o.written);
    }
    if (o.go_on && !o.go_on(std::min(out.cells, (i + 1) * o.cells_a_file), out.cells)) break;
  }
  const bool complete = std::all_of(out.paths.begin(), out.paths.end(),
                                    [](const std::string& path) { return std::filesystem::exists(path); });
  if (complete) {
    out.view = folder + "/whole.h5ad";
    io::write_h5ad_view(out.view, names);
  }
  return out;
}

}  // namespace latentcell::generation
