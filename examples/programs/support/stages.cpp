#include "stages.hpp"

#include "ranks.hpp"

#include <algorithm>
#include <cmath>

#include <latentcell/core/version.hpp>

namespace program {

namespace {

// Which run the stages of the folder are of.
std::string& the_identity() {
  static std::string only;
  return only;
}

bool has_stages(const std::string& folder) {
  const auto is_stage = [](const std::filesystem::directory_entry& entry) {
    const std::filesystem::path& path = entry.path();
    return path.extension() == ".safetensors" &&
           std::filesystem::exists(std::filesystem::path(path).replace_extension(".csv"));
  };
  return std::any_of(std::filesystem::directory_iterator(folder), {}, is_stage);
}

}  // namespace

std::string model_file(const std::string& from) {
  return std::filesystem::is_directory(from) ? from + model_name : from;
}

lc::Stages make_stages(const Common& s) {
  return lc::Stages(lc::StagesOptions{.folder = s.checkpoint,
                                      .resume = s.resume ? lc::Resume::yes : lc::Resume::no,
                                      .team = ranks(),
                                      .identity = the_identity(),
                                      .progress = display(),
                                      .notice = print_line,
                                      .activity = doing,
                                      .save_failed = save_failed});
}

void check_memory(const Common& s, double parameters, double bytes) {
  constexpr double of_training = 16, of_checkpoint = 12;
  const double needed =
      resident_memory() + parameters * (of_training + (s.checkpoint.empty() ? 0 : of_checkpoint)) + bytes;
  const double there = memory_limit();
  const std::string says = lc::text("needs about ", std::ceil(needed / 1e6), " MB of memory");
  if (there > 0 && needed > there)
    lc::throw_runtime(says, ", more than the ", std::floor(there / 1e6), " MB that there are (--memory; --genes and ",
                      "smaller --hidden and --width need less)");
  print_line("note: " + says);
}

void clear_stages(const std::string& folder) {
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
  if (!stages.empty()) {
    print_line(
        lc::text("note: ", stages.size(), " stages of an earlier run in ", folder, " begin anew (--resume goes on)"));
  }
}

void check_resumable(const Common& s, Json identity, const std::vector<std::string>& keys) {
  const auto add = [&](const std::string& key) {
    identity[key] = s.settings.contains(key) ? s.settings.at(key) : Json(nullptr);
  };
  for (const std::string& key : keys) add(key);
  for (const std::string& key : s.training) add(key);
  for (const char* key : {"layer", "round", "rows", "genome", "feature_type", "seed"}) add(key);
  identity["obs_file"] = files_of({s.obs});
  identity["version"] = lc::version;
  const std::string path = s.checkpoint + "/run.json";
  if (s.checkpoint.empty()) return training_begins();
  the_identity() = identity.dump();
  if (s.resume && !std::filesystem::exists(path) && has_stages(s.checkpoint))
    lc::throw_runtime("--resume: ", s.checkpoint, " has stages but no run.json, which says of what");
  if (s.resume && std::filesystem::exists(path)) {
    std::ifstream file(path);
    const Json was = Json::parse(file, nullptr, /* allow_exceptions = */ false);
    if (!was.is_object()) lc::throw_runtime("--resume: ", path, " is damaged");
    for (const auto& [key, value] : identity.items()) {
      const Json before = was.value(key, Json(nullptr));  // what is absent was not set
      if (before != value)
        lc::throw_runtime("--resume: ", s.checkpoint, " is of a run whose ", key, " was ", before.dump(), ", not ",
                          value.dump());
    }
    the_identity() = was.dump();
    return training_begins();
  }
  if (!is_first()) return training_begins();
  if (std::filesystem::exists(path)) clear_stages(s.checkpoint);
  write_text(path, identity.dump(2) + "\n");  // every digit: the next run compares
  training_begins();
}

}  // namespace program
