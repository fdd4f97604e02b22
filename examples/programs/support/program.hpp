#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/io/atomic_file.hpp>
#include <latentcell/io/read_cells.hpp>
#include <latentcell/train/checkpoint.hpp>
#include <latentcell/train/csv_log.hpp>
#include <latentcell/train/fit.hpp>
#include <latentcell/train/progress.hpp>
#include <latentcell/train/stop_on_signal.hpp>

#include "gnuplot.hpp"

// The habits that all programs share: common options, training in stages that can be stopped, reports.

namespace program {

namespace lc = latentcell;
using lc::Index;
using Json = nlohmann::ordered_json;

/// Options that every program has.
struct Common {
  std::string data, layer, checkpoint, out, report, plots;
  int threads = 0;
  std::uint64_t seed = 0;
  bool resume = false;
};

/// Adds them to a program's own; the option --data is returned, so that others can exclude it.
inline CLI::Option* add_common(CLI::App& app, Common& c) {
  auto* data = app.add_option("--data", c.data, "counts: .h5ad, 10x .h5, 10x folder, .csv or .tsv");
  app.add_option("--layer", c.layer, "h5ad: layer to read in place of X, or raw");
  app.add_option("--out", c.out, "h5ad file to write")->capture_default_str();
  app.add_option("--report", c.report, "JSON file for settings, losses, times and metrics");
  app.add_option("--plots", c.plots, "folder for pictures");
  app.add_option("--seed", c.seed, "of everything random")->capture_default_str();
  app.add_option("--threads", c.threads, "all cores where not given")->check(CLI::Range(1, 1024));
  auto* folder = app.add_option("--checkpoint", c.checkpoint, "folder for checkpoints and the trained model");
  app.add_flag("--resume", c.resume, "go on from the checkpoints in that folder")->needs(folder);
  return data;
}

/// Reads the arguments; ends the program where they are wrong or ask for help.
inline void parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
}

/// Ends the program as for a wrong argument.
[[noreturn]] inline void refuse(CLI::App& app, const std::string& why) {
  std::exit(app.exit(CLI::ValidationError(why)));
}

/// The status of run(); an exception becomes one line on standard error.
template <class Run>
int guarded(const char* name, const Run& run) {
  try {
    return run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", name, e.what());
    return 1;
  }
}

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024.0;
}

inline void say(const std::string& line) { std::printf("%s\n", line.c_str()), std::fflush(stdout); }

/// Throws where a file cannot be written.
inline void check_file(const std::string& file) {
  namespace fs = std::filesystem;
  const fs::path parent = fs::path(file).parent_path();
  if (!parent.empty() && !fs::is_directory(parent))
    lc::throw_runtime(file, ": its folder ", parent.string(), " does not exist");
  if (fs::is_directory(file)) lc::throw_runtime(file, ": is a folder");
  if (::access(parent.empty() ? "." : parent.c_str(), W_OK) != 0)
    lc::throw_runtime(file, ": its folder cannot be written to");
}

/// Finds out before hours of training, not after, that a result cannot be written.
inline void check_writable(const Common& s) {
  namespace fs = std::filesystem;
  if (!s.plots.empty()) plots::Gnuplot::check();
  for (const std::string& folder : {s.plots, s.checkpoint}) {
    std::error_code trouble;
    if (!folder.empty()) fs::create_directories(folder, trouble);
    if (trouble) lc::throw_runtime(folder, ": cannot be made: ", trouble.message());
  }
  for (const std::string& file : {s.out, s.report}) {
    if (!file.empty()) check_file(file);
  }
}

/// What every run begins with.
inline void begin(const Common& s) {
  check_writable(s);
  lc::set_threads(s.threads > 0 ? s.threads : lc::threads());
}

/// Where a --checkpoint folder holds the trained model.
inline constexpr const char* model_name = "/model.safetensors";

/// The file that --from means: itself, or the model of a folder.
inline std::string model_file(const std::string& from) {
  return std::filesystem::is_directory(from) ? from + model_name : from;
}

/// Keeps a trained model where a --checkpoint folder is given.
template <class Model>
void keep(const Common& s, const Model& model) {
  if (!s.checkpoint.empty()) save(s.checkpoint + model_name, model);
}

/// Labels of an obs column; where there is none, the option that chooses is named.
inline lc::Categorical labels_of(const lc::CellTable& cells, const std::string& column, const std::string& option,
                                 const std::string& file = "") {
  try {
    return cells.obs(column);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file.empty() ? "" : file + ": ", e.what(), " (", option, " chooses)");
  }
}

/// The code of a level that an option names.
inline int level_of(const lc::Categorical& labels, const std::string& level, const std::string& option,
                    const std::string& column) {
  try {
    return labels.code(level);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(option, ": ", e.what(), " in '", column, "'");
  }
}

/// An obsm entry; where there is none, those that there are.
inline const lc::Matrix<float>& embedding_of(const lc::CellTable& cells, const std::string& key,
                                             const std::string& file, const std::string& option) {
  const auto at = cells.embeddings.find(key);
  if (at != cells.embeddings.end()) return at->second;
  std::string known;
  for (const auto& [name, matrix] : cells.embeddings) known += (known.empty() ? "" : ", ") + name;
  lc::throw_runtime(file, ": has no obsm entry '", key, "'; there are ", known.empty() ? "none" : known, " (", option,
                    " chooses)");
}

/// A file's cells in the genes of a model; says how many of them the file lacks.
inline lc::CellTable in_genes_of(const lc::CellTable& cells, const std::vector<std::string>& genes,
                                 const std::string& file) {
  try {
    lc::AlignedGenes seen = lc::align_genes(cells, genes);
    if (seen.missing > 0)
      say(lc::text("note: ", seen.missing, " of the model's ", genes.size(), " genes are not in the file: taken as 0"));
    return std::move(seen.cells);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file, ": ", e.what());
  }
}

inline lc::CellTable read(const Common& s, const std::string& path) {
  lc::CellTable cells = lc::io::read_cells(path, {.layer = s.layer});
  for (const std::string& note : cells.notes) say("note: " + note);
  return cells;
}

inline Json to_json(const lc::History& history) {
  Json losses = Json::array();
  for (const lc::EpochReport& e : history.epochs) losses.push_back(e.loss);
  return {{"epochs", history.epochs.size()},
          {"loss", losses},
          {"seconds", history.seconds()},
          {"interrupted", history.interrupted}};
}

inline Json to_json(const lc::FitOptions& f) {
  return {
      {"epochs", f.epochs}, {"batch", f.batch}, {"learning_rate", f.learning_rate}, {"weight_decay", f.weight_decay},
      {"ema", f.ema},       {"clip", f.clip}};
}

/// Anything with entries(): names and numbers; a number that is not finite becomes null.
template <class Scores>
Json numbers(const Scores& scores) {
  Json out;
  for (const auto& [name, value] : entries(scores)) out[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  return out;
}

/// How many passes make about this many steps.
inline int epochs_for(Index cells, Index batch, Index steps, int least, int most) {
  const Index per_epoch = std::max<Index>(1, cells / batch);
  return int(std::clamp<Index>(steps / per_epoch, least, most));
}

inline void write_report(const std::string& path, const Json& report) {
  if (path.empty()) return;
  lc::io::AtomicFile file(path);
  const std::string words = report.dump(2) + "\n";
  std::FILE* out = std::fopen(file.temporary().c_str(), "wb");
  if (out == nullptr) lc::throw_runtime(path, ": cannot be written");
  const bool good = std::fwrite(words.data(), 1, words.size(), out) == words.size();
  if (std::fclose(out) != 0 || !good) lc::throw_runtime(path, ": cannot be written: the disk may be full");
  file.commit();
}

/// What training depends on beside a run's settings: the data files, by name and size.
inline Json files_of(const std::vector<std::string>& paths) {
  Json out = Json::array();
  for (const std::string& path : paths) {
    std::error_code trouble;
    const std::uintmax_t bytes = path.empty() ? 0 : std::filesystem::file_size(path, trouble);
    out.push_back({std::filesystem::path(path).filename().string(), trouble ? 0 : bytes});
  }
  return out;
}

/// Removes the stages of an earlier run from its --checkpoint folder, so that none is taken for one of the next; what
/// it made of them in the end stays until it is written anew.
inline void forget_stages(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<fs::path> stages;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path table = fs::path(entry.path()).replace_extension(".csv");
    if (entry.path().extension() == ".safetensors" && fs::exists(table)) stages.push_back(entry.path());
  }
  for (const fs::path& stage : stages) {
    fs::remove(stage);
    fs::remove(fs::path(stage).replace_extension(".csv"));
  }
  if (!stages.empty())
    say(lc::text("note: ", stages.size(), " stages of an earlier run in ", folder, " begin anew (--resume goes on)"));
}

/// Remembers in the --checkpoint folder which data and settings its models are of, and refuses to go on from another
/// run's: its models may have seen what this run holds out. Call it when the input is known to be good.
/// of: what training depends on
inline void same_run(const Common& s, Json of) {
  if (s.checkpoint.empty()) return;
  of["layer"] = s.layer;
  of["seed"] = s.seed;
  const std::string path = s.checkpoint + "/run.json";
  if (s.resume && std::filesystem::exists(path)) {
    std::ifstream file(path);
    const Json was = Json::parse(file, nullptr, /* allow_exceptions = */ false);
    for (const auto& [key, value] : of.items()) {
      if (was.is_object() && was.contains(key) && was[key] != value)
        lc::throw_runtime("--resume: ", s.checkpoint, " is of a run whose ", key, " was ", was[key].dump(), ", not ",
                          value.dump());
    }
    return;
  }
  if (std::filesystem::exists(path)) forget_stages(s.checkpoint);
  write_report(path, of);
}

/// Trains one stage, from its checkpoint where asked; false when a signal ended it before its last epoch.
/// fit(state, hooks...)
template <class Model, class Fit>
bool train_stage(const Common& s, const std::string& stage, Model& model, lc::TrainState<float>& state,
                 lc::StopOnSignal& stop, Json& report, const Fit& fit) {
  const double start = now();
  const std::string file = s.checkpoint.empty() ? "" : s.checkpoint + "/" + stage + ".safetensors";
  if (s.resume && std::filesystem::exists(file)) {
    lc::restore_training(file, model, state);
    state.stop = false;
    state.history.interrupted = false;
    say(lc::text(stage, ": goes on after epoch ", state.history.epochs.size()));
  }
  const auto progress = lc::progress({.label = stage});
  if (s.checkpoint.empty()) {
    fit(state, progress, stop.hook());
  } else {
    fit(state, progress, stop.hook(), lc::csv_log(s.checkpoint + "/" + stage + ".csv"), lc::checkpoint(file));
  }
  if (state.history.interrupted) return false;
  report[stage] = to_json(state.history);
  report[stage]["wall_seconds"] = now() - start;
  report[stage]["peak_memory_mb"] = peak_memory_mb();
  say(lc::text(stage, ": ", state.history.epochs.size(), " epochs, loss ", state.history.epochs.back().loss, ", ",
               now() - start, " s"));
  return true;
}

/// What a program says, and the status it ends with, where a signal stopped its training.
inline int stopped(const Common& s) {
  say(s.checkpoint.empty() ? "stopped: nothing was kept (--checkpoint keeps)"
                           : "stopped: --resume goes on from " + s.checkpoint);
  return 130;
}

}  // namespace program
