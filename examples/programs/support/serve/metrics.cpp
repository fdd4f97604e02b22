#include "metrics.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include <latentcell/core/error.hpp>

#include "../run.hpp"

namespace serve {

using latentcell::text;

namespace {

std::string heading(const char* name, const char* type, const char* what) {
  return text("# HELP ", name, " ", what, "\n# TYPE ", name, " ", type, "\n");
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

}  // namespace

void Metrics::answered(const std::string& path, int status, double seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++requests_[{path, status}];
  Times& times = times_[path];
  ++times.count[std::size_t(std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin())];
  times.sum += seconds;
}

void Metrics::cells(const std::string& path, std::int64_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  cells_[path] += count;
}

std::string Metrics::to_text(const Now& now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string out = heading("latentcell_requests_total", "counter", "Answers, by path and status.");
  for (const auto& [of, n] : requests_)
    out += text("latentcell_requests_total{path=\"", of.first, "\",status=\"", of.second, "\"} ", n, "\n");
  out += heading("latentcell_request_seconds", "histogram", "From the first byte of a request to its answer sent.");
  for (const auto& [path, times] : times_) {
    std::int64_t below = 0;
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
      below += times.count[i];
      const std::string bound = i < bounds.size() ? text(bounds[i]) : "+Inf";
      out += text("latentcell_request_seconds_bucket{path=\"", path, "\",le=\"", bound, "\"} ", below, "\n");
    }
    out += text("latentcell_request_seconds_sum{path=\"", path, "\"} ", std::to_string(times.sum), "\n");
    out += text("latentcell_request_seconds_count{path=\"", path, "\"} ", below, "\n");
  }
  out += heading("latentcell_cells_total", "counter", "Cells that were encoded, labelled or generated.");
  for (const auto& [path, n] : cells_) out += text("latentcell_cells_total{path=\"", path, "\"} ", n, "\n");
  out += heading("latentcell_requests_in_flight", "gauge", "Requests being read, answered or sent.") +
         text("latentcell_requests_in_flight ", now.in_flight, "\n");
  out += heading("latentcell_requests_waiting", "gauge", "Requests that wait for a free thread.") +
         text("latentcell_requests_waiting ", now.waiting, "\n");
  out += heading("latentcell_model_info", "gauge", "What is served.") +
         text("latentcell_model_info{kind=\"", now.model_kind, "\",version=\"", now.version, "\"} 1\n");
  out += heading("process_resident_memory_bytes", "gauge", "Memory in use.") +
         text("process_resident_memory_bytes ", std::int64_t(program::resident_memory()), "\n");
  out += heading("process_cpu_seconds_total", "counter", "Processor time.") +
         text("process_cpu_seconds_total ", std::to_string(processor_seconds()), "\n");
  return out;
}

}  // namespace serve
