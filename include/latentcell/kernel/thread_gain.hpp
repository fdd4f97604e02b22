#pragma once

#include <algorithm>
#include <chrono>

#include <latentcell/core/threads.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// What several threads gained in the last milliseconds of parallel regions, and whether the next region should have
/// them. They lose where other processes have the processors, as a thread that waits for its turn holds up all others,
/// and where regions are shorter than waking a thread. Then regions stay on one thread for a rest; after it some are
/// tried again, and the rest doubles while they gain nothing.
class ThreadGain {
 public:
  static constexpr double least = 1.15;                      ///< gain at which threads are kept
  static constexpr double window = 8e-3, trial = 2e-3;       ///< s in regions: that count, that decide
  static constexpr double first_rest = 0.03, longest = 1.0;  ///< s

  /// now: seconds of a steady clock
  bool worthwhile(double now) const { return now >= until_; }

  /// Takes in a region.    alone: seconds that one thread would have taken, taken: seconds that it took
  void add(double alone, double taken, double now) {
    const double keep = window / (window + taken);
    alone_ = keep * alone_ + alone, taken_ = keep * taken_ + taken, tried_ += taken;
    if (tried_ < trial) return;
    if (alone_ < least * taken_) {
      until_ = now + rest_;
      rest_ = std::min(longest, 2 * rest_);
      alone_ = taken_ = tried_ = 0;
    } else if (tried_ > 2 * window) {
      rest_ = first_rest;
    }
  }

 private:
  double alone_ = 0, taken_ = 0;  // s, decaying
  double tried_ = 0;              // s in regions since the last rest
  double rest_ = first_rest, until_ = 0;
};

/// The gain of regions that this thread starts.
inline ThreadGain& thread_gain() {
  static thread_local ThreadGain gain;
  return gain;
}

/// Seconds of a clock that never goes back.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace latentcell::kernel
