#include "options.hpp"

namespace program {

CLI::Option* add_common(CLI::App& app, Common& c) {
  auto* data = app.add_option("--data", c.data, "counts: .h5ad, .h5mu, 10x .h5, 10x folder, .csv or .tsv");
  app.add_option("--obs", c.obs, "CSV or TSV of columns of obs, its first column the names of the cells");
  app.add_option("--rows", c.rows, "what the rows of a CSV or TSV of counts are: cells or genes")
      ->capture_default_str()
      ->check(CLI::IsMember({"cells", "genes"}));
  app.add_option("--genome", c.genome, "10x: the genome to read, where there are several");
  app.add_option("--feature-type", c.feature_type, "10x: features of this type are read")->capture_default_str();
  app.add_option("--layer", c.layer, "h5ad: layer to read in place of X, or raw");
  app.add_option("--out", c.out, "h5ad file to write")->capture_default_str();
  app.add_option("--report", c.report, "JSON file for settings, losses, times and scores");
  app.add_option("--plots", c.plots, "folder for pictures");
  app.add_option("--seed", c.seed, "of everything random")->capture_default_str();
  app.add_option("--threads", c.threads, "all cores where not given")->check(CLI::Range(1, 1024));
  auto* folder = app.add_option("--checkpoint", c.checkpoint, "folder for checkpoints and the trained model");
  app.add_flag("--resume", c.resume, "resume from the checkpoints in that folder")->needs(folder);
  return data;
}

CLI::Range whole_number() { return {0, 1000000000}; }

std::vector<std::string> split_levels(const std::vector<std::string>& given, const std::vector<std::string>& levels) {
  return split_list(given, [&](const std::string& one) { return std::count(levels.begin(), levels.end(), one) > 0; });
}

void parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
}

}  // namespace program
