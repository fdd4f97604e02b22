#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

// Counts and times of requests, as Prometheus reads them.

namespace serve {

class Metrics {
 public:
  /// What is so now, beside what was counted.
  struct Now {
    int in_flight = 0, waiting = 0;
    std::string model_kind, version;
  };

  /// Counts an answer. path: one of a few
  void answered(const std::string& path, int status, double seconds);
  /// Counts cells that were encoded, labelled or generated.
  void cells(const std::string& path, std::int64_t count);

  /// The text format of Prometheus, version 0.0.4.
  std::string to_text(const Now& now) const;

 private:
  static constexpr std::array<double, 12> bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  struct Times {
    std::array<std::int64_t, bounds.size() + 1> count{};
    double sum = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::int64_t> requests_;
  std::map<std::string, Times> times_;
  std::map<std::string, std::int64_t> cells_;
};

}  // namespace serve
