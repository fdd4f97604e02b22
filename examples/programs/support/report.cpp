#include "report.hpp"

#include "plot/curves.hpp"

namespace program {

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

void add_stages(const Common& s, Json& report, const lc::Stages& stages, const std::string& picture) {
  for (const lc::StageReport& stage : stages.reports()) {
    report["training"][stage.name] = to_json(stage.options);
    report[stage.name] = to_json(stage.history);
    report[stage.name]["wall_seconds"] = stage.wall_seconds;
  }
  if (!s.plots.empty()) plots::loss_curves(s.plots + "/" + picture, stages.reports());
}

void add_scores(Json& report, const std::string& name, const lc::evaluate::ScoreTable& scores) {
  std::string table = scores.to_text();
  if (!table.empty()) table.pop_back();
  print_line(table);
  report[name] = to_json(scores);
  const auto& rows = scores.rows();
  if (std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.role == lc::evaluate::Role::baseline; })) {
    print_line(scores.verdict());
    report[name]["verdict"] = scores.verdict();
  }
}

void write_report(const std::string& path, const Json& report) {
  if (path.empty()) return;
  lc::io::AtomicFile file(path);
  const std::string words = report.dump(2) + "\n";
  std::FILE* out = std::fopen(file.temporary().c_str(), "wb");
  if (out == nullptr) lc::throw_runtime(path, ": cannot be written");
  const bool good = std::fwrite(words.data(), 1, words.size(), out) == words.size();
  if (std::fclose(out) != 0 || !good) lc::throw_runtime(path, ": cannot be written: the disk may be full");
  file.commit();
}

Json files_of(const std::vector<std::string>& paths) {
  Json out = Json::array();
  for (const std::string& path : paths) {
    std::error_code trouble;
    const std::uintmax_t bytes = path.empty() ? 0 : std::filesystem::file_size(path, trouble);
    out.push_back({std::filesystem::path(path).filename().string(), trouble ? 0 : bytes});
  }
  return out;
}

}  // namespace program
