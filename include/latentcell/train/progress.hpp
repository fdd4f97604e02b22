#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#if __has_include(<sys/ioctl.h>) && __has_include(<unistd.h>)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#include <latentcell/core/error.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/train/history.hpp>

namespace LATENTCELL_NAMESPACE {

struct ProgressOptions {
  std::string label = {};   ///< text before the bar: the name of the stage
  std::FILE* out = stderr;  ///< where to draw; nothing is drawn where it is no terminal

  static void visit(auto& self, auto&& f) { f("label", self.label); }
};

/// Returns a duration as text: "8 s", "3:07", "1:02:11".
inline std::string clock_text(double seconds) {
  const auto two = [](long n) { return text(n < 10 ? "0" : "", n); };
  const long s = std::lround(std::max(0.0, seconds));
  if (s < 60) return text(s, " s");
  if (s < 3600) return text(s / 60, ":", two(s % 60));
  return text(s / 3600, ":", two(s / 60 % 60), ":", two(s % 60));
}

/// The line that progress() draws: bar, epoch, losses, cells per second, remaining time.
inline std::string progress_line(const std::string& label, const History& history) {
  const EpochReport& last = history.epochs.back();
  constexpr int width = 24;
  const double share = last.epochs > 0 ? double(last.epoch) / double(last.epochs) : 1.0;
  const int full = int(share * width);
  std::string bar(width, '.');
  for (int i = 0; i < full && i < width; ++i) bar[to_size(i)] = '=';
  char number[64];
  const auto words = [&](const char* format, double value) {
    std::snprintf(number, sizeof number, format, value);
    return std::string(number);
  };
  std::string line = text(label, label.empty() ? "" : " ", "[", bar, "] ", last.epoch, "/", last.epochs, "  loss ",
                          words("%.5g", last.loss));
  if (std::isfinite(last.validation)) line += "  validation " + words("%.5g", last.validation);
  if (last.seconds > 0) line += "  " + words("%.0f", double(last.cells) / last.seconds) + " cells/s";
  const double remaining = history.seconds() / double(history.epochs.size()) * double(last.epochs - last.epoch);
  return line + (last.epoch < last.epochs ? "  " + clock_text(remaining) + " left"
                                          : "  " + clock_text(history.seconds()) + " in all");
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

/// A hook that draws one line about the run and redraws it after each epoch; quiet where the output is no terminal.
/// hook(model, state)
struct Progress {
  ProgressOptions options;

  template <class Model, class State>
  void operator()(const Model&, const State& state) const {
    draw(state.history, bool(state.stop));
  }

 private:
  void draw(const History& history, bool stopped) const {
    const int columns = history.epochs.empty() ? -1 : detail::terminal_columns(options.out);
    if (columns < 0) return;
    std::string line = progress_line(options.label, history);
    // A line that wraps could not be redrawn.
    if (columns > 1 && line.size() >= to_size(columns)) line.resize(to_size(columns - 1));
    const EpochReport& last = history.epochs.back();
    const bool done = last.epoch >= last.epochs || history.stopped_early || stopped;
    // ESC [ K clears what a longer line left behind.
    std::fprintf(options.out, "\r%s\033[K%s", line.c_str(), done ? "\n" : "");
    std::fflush(options.out);
  }
};

inline Progress progress(ProgressOptions options = {}) { return {std::move(options)}; }

}  // namespace latentcell
