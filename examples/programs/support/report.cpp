#include "report.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <latentcell/core/version.hpp>
#include <latentcell/evaluate/verdict.hpp>
#include <latentcell/io/atomic_file.hpp>

#include "plot/curves.hpp"

namespace program {

namespace {

bool is_inner(const Json& json) { return json.is_array() || json.is_object(); }

void append(std::string& out, const Json& json, std::size_t indent) {
  if (json.is_number_float()) {
    if (!std::isfinite(json.get<double>())) {
      out += "null";
      return;
    }
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, json.get<double>(), std::chars_format::general, 6);
    out.append(digits, end.ptr);
    return;
  }
  if (!is_inner(json) || json.empty()) {
    out += json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  const bool on_one_line =
      json.is_array() && std::none_of(json.begin(), json.end(), [](const Json& j) { return is_inner(j); });
  const std::string next = on_one_line ? " " : "\n" + std::string(indent + 2, ' ');
  out += json.is_array() ? "[" : "{";
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    if (!first) out += ',';
    if (!first || !on_one_line) out += next;
    first = false;
    if (json.is_object()) out += Json(key).dump() + ": ";
    append(out, value, indent + 2);
  }
  if (!on_one_line) out += "\n" + std::string(indent, ' ');
  out += json.is_array() ? "]" : "}";
}

Json settings_of(const Common& s) {
  Json out = s.settings;
  out["threads"] = lc::threads();
  return out;
}

}  // namespace

std::string to_text(const Json& json) {
  std::string out;
  append(out, json, 0);
  return out + "\n";
}

Json to_json(const lc::History& history) {
  Json losses = Json::array();
  for (const lc::EpochReport& e : history.epochs) losses.push_back(e.loss);
  return {{"epochs", history.epochs.size()},
          {"loss", losses},
          {"seconds", history.seconds()},
          {"interrupted", history.interrupted}};
}

Json to_json(const lc::FitOptions& f) {
  return {
      {"epochs", f.epochs}, {"batch", f.batch}, {"learning_rate", f.learning_rate}, {"weight_decay", f.weight_decay},
      {"ema", f.ema},       {"clip", f.clip}};
}

Json to_json(const lc::evaluate::ScoreTable& scores) { return Json::parse(scores.to_json()); }

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Report::Report(const std::string& program, const Common& s) {
  json_ = {{"program", program}, {"version", lc::version}, {"settings", settings_of(s)}};
}

Json Report::provenance() const {
  const Json& settings = json_.at("settings");
  Json out{{"program", json_.at("program")}, {"version", json_.at("version")}, {"settings", Json::object()}};
  for (const char* name :
       {"steps", "guidance", "pseudo_count", "min_cells", "draws", "within_spots", "at_dose", "to_batch"}) {
    if (settings.contains(name)) out["settings"][name] = settings[name];
  }
  if (json_.contains("method")) out["settings"]["method"] = json_["method"];  // that was chosen
  out["seed"] = settings.at("seed");
  return out;
}

void Report::add_stages(const Common& s, const lc::Stages& stages, const std::string& picture) {
  for (const lc::StageReport& stage : stages.reports()) {
    Json one = {{"name", stage.name}};
    one.update(to_json(stage.history));
    one["wall_seconds"] = stage.wall_seconds;
    one["options"] = to_json(stage.options);
    json_["stages"].push_back(std::move(one));
  }
  if (!s.plots.empty()) plots::loss_curves(s.plots + "/" + picture, stages.reports());
}

Json Report::scored(const lc::evaluate::ScoreTable& scores) {
  std::string table = scores.to_text();
  if (!table.empty()) table.pop_back();
  print_line(table);
  scores_.push_back(scores);
  Json out = to_json(scores);
  if (scores.compare().metrics > 0) out["verdict"] = lc::evaluate::verdict(scores);
  return out;
}

void Report::not_evaluated(const std::string& key, const std::string& why) {
  json_[key] = {{"not_evaluated", why}};
  print_line("note: " + key + " not evaluated: " + why);
  if (not_evaluated_.empty()) not_evaluated_ = "not evaluated: " + why;
}

void Report::finish(const Common& s, const std::string& otherwise) {
  const std::string verdict = !scores_.empty()         ? lc::evaluate::verdict(scores_)
                              : not_evaluated_.empty() ? otherwise
                                                       : not_evaluated_;
  json_["settings"] = settings_of(s);  // lists are taken apart by now
  json_["peak_memory_mb"] = peak_memory_mb();
  json_["verdict"] = verdict;
  write_text(s.report, to_text(json_));
  print_verdict("verdict: " + verdict);
}

void write_text(const std::string& path, const std::string& words) {
  if (path.empty()) return;
  lc::io::AtomicFile file(path);
  std::FILE* out = std::fopen(file.temporary().c_str(), "wb");
  if (out == nullptr) lc::throw_runtime(path, ": cannot be written");
  const bool good = std::fwrite(words.data(), 1, words.size(), out) == words.size();
  if (std::fclose(out) != 0 || !good) lc::throw_runtime(path, ": cannot be written: the disk may be full");
  file.commit();
}

namespace {

/// FNV-1a of 64 bits (Fowler, Noll and Vo 1991).
class Hash {
 public:
  void add(const std::string& bytes) {
    for (const char byte : bytes) value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  std::string text() const {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value_));
    return digits;
  }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

// The first and the last megabyte of a file.
void add_ends(Hash& hash, const std::filesystem::path& path, std::uintmax_t bytes) {
  constexpr std::uintmax_t most = 1 << 20;
  std::ifstream in(path, std::ios::binary);
  std::string part(std::size_t(std::min(bytes, most)), '\0');
  for (const std::uintmax_t from : {std::uintmax_t(0), bytes - std::min(bytes, most)}) {
    in.seekg(std::streamoff(from));
    in.read(part.data(), std::streamsize(part.size()));
    hash.add(part.substr(0, std::size_t(in.gcount())));
  }
}

// The files of a folder that hold a matrix of counts, by name.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  std::error_code trouble;
  for (const auto& entry : std::filesystem::directory_iterator(folder, trouble)) {
    const std::string name = entry.path().filename().string();
    const bool is_read = name.starts_with("matrix.mtx") || name.starts_with("barcodes") ||
                         name.starts_with("features") || name.starts_with("genes");
    if (is_read && entry.is_regular_file(trouble)) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Json files_of(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  Json out = Json::array();
  for (const std::string& path : paths) {
    std::error_code trouble;
    Hash hash;
    std::uintmax_t sum = 0;
    const bool is_folder = fs::is_directory(path, trouble);
    for (const fs::path& file : is_folder ? files_in(path) : std::vector<fs::path>{path}) {
      const std::uintmax_t bytes = fs::file_size(file, trouble);
      if (trouble) continue;
      if (is_folder) hash.add(lc::text(file.filename().string(), ' ', bytes, '\n'));
      add_ends(hash, file, bytes);
      sum += bytes;
    }
    const fs::path name = fs::path(path).lexically_normal();
    out.push_back({(name.has_filename() ? name : name.parent_path()).filename().string(), sum, hash.text()});
  }
  return out;
}

}  // namespace program
