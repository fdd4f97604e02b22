#include "run.hpp"

namespace program {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024.0;
}

void print_line(const std::string& line) { std::printf("%s\n", line.c_str()), std::fflush(stdout); }

void check_file(const std::string& file) {
  namespace fs = std::filesystem;
  const fs::path parent = fs::path(file).parent_path();
  if (!parent.empty() && !fs::is_directory(parent))
    lc::throw_runtime(file, ": its folder ", parent.string(), " does not exist");
  if (fs::is_directory(file)) lc::throw_runtime(file, ": is a folder");
  if (::access(parent.empty() ? "." : parent.c_str(), W_OK) != 0)
    lc::throw_runtime(file, ": its folder cannot be written to");
}

namespace {

// Whether two names are of one file, whether it is there already or not.
bool same_file(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  std::error_code trouble;
  if (a.empty() || b.empty()) return false;
  if (fs::equivalent(a, b, trouble)) return true;
  return fs::weakly_canonical(fs::absolute(a), trouble) == fs::weakly_canonical(fs::absolute(b), trouble) && !trouble;
}

}  // namespace

void begin(const Common& s, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  namespace fs = std::filesystem;
  inputs.insert(inputs.end(), {s.data, s.obs});
  outputs.insert(outputs.end(), {s.out, s.report});
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (const std::string& input : inputs) {
      if (same_file(outputs[i], input))
        lc::throw_runtime(outputs[i], ": is read and would be written over: choose another output");
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (same_file(outputs[i], outputs[k])) lc::throw_runtime(outputs[i], ": two results would be written to it");
    }
  }
  if (!s.plots.empty()) plots::Gnuplot::check();
  for (const std::string& folder : {s.plots, s.checkpoint}) {
    std::error_code trouble;
    if (!folder.empty()) fs::create_directories(folder, trouble);
    if (trouble) lc::throw_runtime(folder, ": cannot be created: ", trouble.message());
  }
  for (const std::string& file : outputs) {
    if (!file.empty()) check_file(file);
  }
  lc::set_threads(s.threads > 0 ? s.threads : lc::threads());
}

int exit_interrupted(const Common& s) {
  print_line(s.checkpoint.empty() ? "stopped: nothing was saved (--checkpoint saves)"
                                  : "stopped: --resume goes on from " + s.checkpoint);
  return 130;
}

}  // namespace program
