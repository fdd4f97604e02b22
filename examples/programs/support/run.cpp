#include "run.hpp"

#include "ranks.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <condition_variable>
#include <exception>
#include <fstream>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>

#include <latentcell/io/atomic_file.hpp>
#include <latentcell/train/stop_on_signal.hpp>

namespace program {

namespace {

/// Standard output and error of a program: lines, and what is under way shown in between.
class Console {
 public:
  ~Console() { stop(); }

  void start(const Common& s) {
    quiet_ = s.quiet || !is_first();
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
  std::string activity() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return activity_;
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

// What is said where a signal ends a program at once; a handler reads it.
char stopped_message[1200] = "stopped: nothing was saved (--checkpoint saves)\n";

// The first result that could not be saved; the run goes on to its other results.
std::string& save_trouble() {
  static std::string only;
  return only;
}

std::string& stopped_text() {
  static std::string only;
  return only;
}

std::string stopped_line(const Common& s) {
  return s.checkpoint.empty() ? "stopped: nothing was saved (--checkpoint saves)"
                              : "stopped: --resume goes on from " + s.checkpoint;
}

}  // namespace

int guarded(const char* name, const std::function<int()>& run) {
  int status = failed;
  std::string trouble;
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the lines may go away
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error of writing
  const lc::StopOnSignal stop({.seconds = 1.6, .status = interrupted, .message = stopped_message});
  try {
    status = run();
    if (status == 0 && !save_trouble().empty()) status = failed, trouble = save_trouble();
  } catch (const std::bad_alloc&) {
    const std::string doing = console().activity();
    trouble = (doing.empty() ? "" : doing + ": ") + "the memory is not enough (--memory)";
  } catch (const std::invalid_argument& e) {
    status = wrong_input;  // what the library refuses is input, whenever it sees it
    trouble = sentence(e);
  } catch (const std::exception& e) {
    status = began_training ? failed : wrong_input;
    trouble = sentence(e);
  }
  console().stop();
  if (!trouble.empty()) {
    const bool alone = ranks().size() == 1;
    const std::string where = alone ? "" : lc::text(": rank ", ranks().rank(), " of ", ranks().size());
    std::fprintf(stderr, "%s%s: %s\n", name, where.c_str(), trouble.c_str());
  }
  return status;
}

void save_failed(const std::string& why) {
  if (!save_trouble().empty()) return;
  save_trouble() = why;
  warn(why + "; the run goes on without saving");
}

void training_begins() { began_training = true; }

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024.0;
}

double resident_memory() {
  std::ifstream in("/proc/self/statm");
  double all = 0, resident = 0;
  return in >> all >> resident ? resident * double(::sysconf(_SC_PAGESIZE)) : 0;
}

double memory_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? double(limit.rlim_cur) : 0;
}

void print_line(const std::string& line) {
  if (!console().quiet()) console().write(stdout, line);
}
void print_verdict(const std::string& line) {
  if (is_first()) console().write(stdout, line);
}
void warn(const std::string& line) { console().write(stderr, "warning: " + line); }
void doing(const std::string& what) { console().doing(what); }
std::shared_ptr<lc::ProgressDisplay> display() { return console().display(); }

void check_file(const std::string& file) {
  namespace fs = std::filesystem;
  const fs::path parent = fs::path(file).parent_path();
  if (!parent.empty() && !fs::is_directory(parent))
    lc::throw_runtime(file, ": its folder ", parent.string(), " does not exist");
  if (fs::is_directory(file)) lc::throw_runtime(file, ": is a folder");
  if (fs::exists(file) && !fs::is_regular_file(file)) lc::throw_runtime(file, ": is no plain file");
  if (::access(parent.empty() ? "." : parent.c_str(), W_OK) != 0)
    lc::throw_runtime(file, ": its folder cannot be written to");
  const lc::io::AtomicFile probe(file);  // whatever else could stand in the way
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

namespace {

// One run at a time has a --checkpoint folder; the lock goes with the process.
void lock_checkpoint(const std::string& folder) {
  if (folder.empty()) return;
  const int file = ::open((folder + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) lc::throw_runtime(folder, ": cannot be written to: ", std::strerror(errno));
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK) lc::throw_runtime(folder, ": another run is using this folder");
  print_line("note: " + folder + ": cannot be locked, so another run is not kept from it: " + std::strerror(errno));
}

// What the machine or its cgroup has, in bytes.
double machine_memory() {
  double out = double(::sysconf(_SC_PHYS_PAGES)) * double(::sysconf(_SC_PAGESIZE));
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream in(path);
    double limit = 0;
    if (in >> limit && limit > 0) out = std::min(out, limit);
  }
  return out;
}

// Beyond it an allocation fails, and the run ends with a sentence instead of being killed. A limit that is set already
// stays where --memory says nothing.
void limit_memory(double gigabytes) {
  const double bytes = gigabytes > 0 ? gigabytes * 1e9 : machine_memory();
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min(gigabytes > 0 ? limit.rlim_max : limit.rlim_cur, rlim_t(bytes));
  ::setrlimit(RLIMIT_DATA, &limit);
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
  for (const std::string& folder : {s.plots, s.checkpoint, s.out_is_folder ? s.out : std::string()}) {
    std::error_code trouble;
    if (!folder.empty()) fs::create_directories(folder, trouble);
    if (trouble) lc::throw_runtime(folder, ": cannot be created: ", trouble.message());
    if (!folder.empty() && ::access(folder.c_str(), W_OK | X_OK) != 0)
      lc::throw_runtime(folder, ": cannot be written to");
  }
  if (is_first()) lock_checkpoint(s.checkpoint);
  limit_memory(s.memory);
  stopping_means(stopped_line(s));
  for (const std::string& file : outputs) {
    if (!file.empty() && !(s.out_is_folder && file == s.out)) check_file(file);
  }
  lc::set_threads(s.threads > 0 ? s.threads : lc::threads());
}

void stopping_means(const std::string& line) {
  stopped_text() = line;
  std::strncpy(stopped_message, (line + "\n").c_str(), sizeof stopped_message - 1);
}

int exit_interrupted() {
  print_verdict(stopped_text());
  return interrupted;
}

}  // namespace program
