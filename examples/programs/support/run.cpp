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

void begin(const Common& s) {
  namespace fs = std::filesystem;
  if (!s.plots.empty()) plots::note_if_absent();
  for (const std::string& folder : {s.plots, s.checkpoint}) {
    std::error_code trouble;
    if (!folder.empty()) fs::create_directories(folder, trouble);
    if (trouble) lc::throw_runtime(folder, ": cannot be created: ", trouble.message());
  }
  for (const std::string& file : {s.out, s.report}) {
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
