#pragma once

#include <cmath>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// A time, or all times from `from` to `to`, both included.
struct TimeRange {
  double from = 0, to = 0;  ///< finite, from <= to; equal: one time

  static void visit(auto& self, auto&& f) {
    f("from", self.from, finite());
    f("to", self.to, finite());
  }

  double middle() const { return 0.5 * (from + to); }
  bool contains(double time) const { return time >= from && time <= to; }

  /// Throws std::invalid_argument with the caller where the range is not finite or does not rise.
  void check(const char* caller) const {
    LATENTCELL_REQUIRE(to >= from && std::isfinite(from) && std::isfinite(to), caller, ": the range ", from, " to ", to,
                       " must rise");
  }

  /// Reads "270" or "270-330". Throws std::invalid_argument with the text where it is neither.
  static TimeRange parse(const std::string& text) {
    TimeRange out;
    char* end = nullptr;
    out.from = out.to = std::strtod(text.c_str(), &end);
    bool good = end != text.c_str();
    if (good && *end == '-') {
      const char* const second = end + 1;
      out.to = std::strtod(second, &end);
      good = end != second;
    }
    LATENTCELL_REQUIRE(good && *end == '\0' && std::isfinite(out.from) && std::isfinite(out.to) && out.to >= out.from,
                       "'", text, "' is neither a time nor a range of times such as 270-330");
    return out;
  }
};

/// Times that lie evenly in a range, in random order: one in each of `count` equal parts.   -> (count)
inline std::vector<double> spread_times(const TimeRange& range, Index count, Rng& rng) {
  std::vector<double> out;
  for (Index i = 0; i < count; ++i)
    out.push_back(range.from + (range.to - range.from) * (double(i) + rng.uniform_double()) / double(count));
  shuffle(std::span<double>(out), rng);
  return out;
}

}  // namespace latentcell::trajectory
