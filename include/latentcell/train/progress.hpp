#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

#if __has_include(<sys/ioctl.h>) && __has_include(<unistd.h>)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#include <latentcell/core/error.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/train/history.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns a duration as text: "0.4 s", "8 s", "3:07", "1:02:11".
inline std::string clock_text(double seconds) {
  const auto two = [](long n) { return text(n < 10 ? "0" : "", n); };
  const long s = std::lround(std::max(0.0, seconds));
  if (seconds > 0 && seconds < 0.95) return text(double(std::ceil(10 * seconds)) / 10, " s");
  if (s < 60) return text(s, " s");
  if (s < 3600) return text(s / 60, ":", two(s % 60));
  return text(s / 3600, ":", two(s / 60 % 60), ":", two(s % 60));
}

/// How far a stage of training is. NaN: not measured yet.
struct StageProgress {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  int epoch = 0, epochs = 0;                    ///< under way or just ended, and as planned
  double share = 0;                             ///< of the steps, in [0, 1]
  double loss = unknown, validation = unknown;  ///< of the last whole epoch
  double cells_per_second = unknown;
  double seconds_left = unknown, seconds_left_in_all = unknown;  ///< of the stage, of all stages of the run

  /// At the end of an epoch. The rate is that of the last ten epochs: a resumed run may be on another machine.
  static StageProgress of(const History& history) {
    const EpochReport& last = history.epochs.back();
    StageProgress out{.epoch = last.epoch, .epochs = last.epochs, .loss = last.loss, .validation = last.validation};
    out.share = last.epochs > 0 ? double(last.epoch) / double(last.epochs) : 1.0;
    if (last.seconds > 0) out.cells_per_second = double(last.cells) / last.seconds;
    const std::size_t recent = std::min<std::size_t>(10, history.epochs.size());
    double seconds = 0;
    for (std::size_t i = history.epochs.size() - recent; i < history.epochs.size(); ++i)
      seconds += history.epochs[i].seconds;
    out.seconds_left = seconds / double(recent) * double(last.epochs - last.epoch);
    return out;
  }
};

/// The line that shows a stage: bar, epoch, losses, cells per second, time left.
inline std::string progress_line(const std::string& label, const StageProgress& at) {
  constexpr int width = 24;
  const int full = int(at.share * width);
  std::string bar(width, '.');
  for (int i = 0; i < full && i < width; ++i) bar[to_size(i)] = '=';
  char number[64];
  const auto words = [&](const char* format, double value) {
    std::snprintf(number, sizeof number, format, value);
    return std::string(number);
  };
  std::string line = text(label, label.empty() ? "" : " ", "[", bar, "] ", at.epoch, "/", at.epochs);
  if (std::isfinite(at.loss)) line += "  loss " + words("%.5g", at.loss);
  if (std::isfinite(at.validation)) line += "  validation " + words("%.5g", at.validation);
  if (std::isfinite(at.cells_per_second)) line += "  " + words("%.0f", at.cells_per_second) + " cells/s";
  if (std::isfinite(at.seconds_left)) line += "  " + clock_text(at.seconds_left) + " left";
  if (std::isfinite(at.seconds_left_in_all)) line += ", " + clock_text(at.seconds_left_in_all) + " for all stages";
  return line;
}

namespace detail {

/// Columns of the terminal that a file is, 0 for a terminal of unknown width, -1 where it is none or the system has no
/// POSIX terminals.
inline int terminal_columns(std::FILE* out) {
#if __has_include(<sys/ioctl.h>) && __has_include(<unistd.h>)
  if (::isatty(::fileno(out)) == 0) return -1;
  winsize window{};
  return ::ioctl(::fileno(out), TIOCGWINSZ, &window) == 0 ? int(window.ws_col) : 0;
#else
  return out == nullptr ? 0 : -1;
#endif
}

}  // namespace detail

/// Where progress is shown: on a terminal one line that is redrawn, elsewhere a new line every half minute. May be used
/// by several threads.
class ProgressDisplay {
 public:
  /// every: seconds between lines where there is no terminal
  explicit ProgressDisplay(std::FILE* out = stderr, double every = 30) : out_(out), every_(every) {}

  bool on_terminal() const { return detail::terminal_columns(out_) >= 0; }

  void show(std::string line) { draw(std::move(line), every_); }
  /// Shows a line that is the last of its kind, at once and to stay.
  void show_last(std::string line) {
    draw(std::move(line), 0);
    keep();
  }
  /// Takes the line away: call it before anything else is written.
  void clear() { end("\r\033[K"); }
  /// Leaves the line where it is; the next one is drawn below.
  void keep() { end("\n"); }

  /// Seconds since anything was shown, taken away or kept.
  double quiet_seconds() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return seconds_since(last_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  void draw(std::string line, double every) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int columns = detail::terminal_columns(out_);
    if (columns < 0) {
      if (seconds_since(last_) < every) return;
      std::fprintf(out_, "%s\n", line.c_str());
    } else {
      // A line that wraps could not be redrawn.
      if (columns > 1 && line.size() >= to_size(columns)) line.resize(to_size(columns - 1));
      // ESC [ K clears what a longer line left behind.
      std::fprintf(out_, "\r%s\033[K", line.c_str());
      drawn_ = true;
    }
    std::fflush(out_);
    last_ = Clock::now();
  }
  static double seconds_since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  }
  void end(const char* with) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (drawn_) std::fputs(with, out_), std::fflush(out_);
    drawn_ = false;
    last_ = Clock::now();
  }

  mutable std::mutex mutex_;
  std::FILE* out_;
  double every_;
  bool drawn_ = false;
  Clock::time_point last_ = Clock::now();
};

struct ProgressOptions {
  std::string label = {};   ///< text before the bar: the name of the stage
  std::FILE* out = stderr;  ///< where to show it
  double every = 30;        ///< seconds between lines where `out` is no terminal

  static void visit(auto& self, auto&& f) {
    f("label", self.label);
    f("every", self.every, at_least(0));
  }
};

/// A hook that shows a run after each epoch, see ProgressDisplay; the last line stays.
/// hook(model, state)
struct Progress {
  ProgressOptions options;
  std::shared_ptr<ProgressDisplay> display;

  template <class Model, class State>
  void operator()(const Model&, const State& state) const {
    const History& history = state.history;
    if (history.epochs.empty()) return;
    if (history.epochs.back().epoch >= history.epochs.back().epochs || history.stopped_early || state.stop) {
      end(history);
    } else {
      display->show(progress_line(options.label, StageProgress::of(history)));
    }
  }

 private:
  void end(const History& history) const {
    StageProgress at = StageProgress::of(history);
    at.seconds_left = StageProgress::unknown;
    display->show_last(progress_line(options.label, at) + "  " + clock_text(history.seconds()) + " in all");
  }
};

inline Progress progress(ProgressOptions options = {}) {
  check_options("progress", options);
  auto display = std::make_shared<ProgressDisplay>(options.out, options.every);
  return {std::move(options), std::move(display)};
}

}  // namespace latentcell
