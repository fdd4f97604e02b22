#include "run.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

namespace program {

namespace {

/// Standard output and error of a program: lines, and what is under way shown in between.
class Console {
 public:
  ~Console() { stop(); }

  void start(const Common& s) {
    quiet_ = s.quiet;
    if (quiet_) return;
    display_ = std::make_shared<lc::ProgressDisplay>();
    watch_ = std::thread([this] { watch(); });
  }
  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (watch_.joinable()) watch_.join();
    if (display_) display_->clear();
  }
  void write(std::FILE* out, const std::string& line) {
    if (display_) display_->clear();
    std::fprintf(out, "%s\n", line.c_str());
    std::fflush(out);
  }
  void doing(const std::string& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    activity_ = what;
    since_ = now();
  }
  bool quiet() const { return quiet_; }
  const std::shared_ptr<lc::ProgressDisplay>& display() const { return display_; }

 private:
  static constexpr double patience = 3;  // seconds without a sign of life on a terminal

  void watch() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopped_) {
      changed_.wait_for(lock, std::chrono::seconds(1));
      if (stopped_ || activity_.empty()) continue;
      if (display_->on_terminal() && display_->quiet_seconds() < patience) continue;
      display_->show(activity_ + ", " + lc::clock_text(now() - since_));
    }
  }

  bool quiet_ = false, stopped_ = false;
  std::shared_ptr<lc::ProgressDisplay> display_;
  std::thread watch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string activity_;
  double since_ = 0;
};

Console& console() {
  static Console only;
  return only;
}

std::atomic<bool> began_training{false};

}  // namespace

int guarded(const char* name, const std::function<int()>& run) {
  int status = failed;
  std::string trouble;
  try {
    status = run();
  } catch (const std::bad_alloc&) {
    trouble = "the memory is not enough";
  } catch (const std::exception& e) {
    status = began_training ? failed : wrong_input;
    trouble = sentence(e);
  }
  console().stop();
  if (!trouble.empty()) std::fprintf(stderr, "%s: %s\n", name, trouble.c_str());
  return status;
}

void training_begins() { began_training = true; }

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024.0;
}

void print_line(const std::string& line) {
  if (!console().quiet()) console().write(stdout, line);
}
void print_verdict(const std::string& line) { console().write(stdout, line); }
void warn(const std::string& line) { console().write(stderr, "warning: " + line); }
void doing(const std::string& what) { console().doing(what); }
std::shared_ptr<lc::ProgressDisplay> display() { return console().display(); }

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
  console().start(s);
  if (!s.obs.empty() && s.data.empty() && s.obs_of.empty())
    lc::throw_runtime("--obs needs the file of the cells that it is about");
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
  if (!s.plots.empty()) plots::note_if_absent();
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
  print_verdict(s.checkpoint.empty() ? "stopped: nothing was saved (--checkpoint saves)"
                                     : "stopped: --resume goes on from " + s.checkpoint);
  return interrupted;
}

}  // namespace program
