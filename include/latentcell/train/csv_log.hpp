#pragma once

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include <latentcell/core/error.hpp>
#include <latentcell/io/atomic_file.hpp>
#include <latentcell/train/history.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

inline std::string csv_row(const EpochReport& e) {
  char row[256];
  std::snprintf(row, sizeof row, "%d,%.9g,", e.epoch, e.loss);
  std::string out = row;
  if (!std::isnan(e.validation)) {
    std::snprintf(row, sizeof row, "%.9g", e.validation);
    out += row;
  }
  std::snprintf(row, sizeof row, ",%.9g,%.6f,%lld\n", e.rate, e.seconds, static_cast<long long>(e.cells));
  return out + row;
}

inline void put(const std::string& named, const std::string& file, const char* mode, const std::string& words) {
  std::FILE* out = std::fopen(file.c_str(), mode);
  if (out == nullptr) throw_runtime(named, ": cannot be written: ", std::strerror(errno));
  const bool good = std::fwrite(words.data(), 1, words.size(), out) == words.size();
  const int trouble = errno;
  if (std::fclose(out) != 0 || !good)
    throw_runtime(named, ": cannot be written: ", std::strerror(good ? errno : trouble));
}

}  // namespace detail

/// A hook that keeps a table of the run: epoch, loss, validation (empty without), rate, seconds, cells.
/// hook(model, state)
/// The first call writes all epochs of the history, so that a run that goes on from a checkpoint repeats and loses
/// none and a new run replaces the table of an old one; later calls append what is new. Throws std::runtime_error
/// naming the file where it cannot be written, at the first call and not before.
inline auto csv_log(std::string path) {
  return [path = std::move(path), written = std::size_t(0)](const auto&, const auto& state) mutable {
    const auto& epochs = state.history.epochs;
    if (epochs.size() == written) return;  // the run stops within an epoch
    std::string rows = written == 0 ? "epoch,loss,validation,rate,seconds,cells\n" : "";
    for (std::size_t i = written; i < epochs.size(); ++i) rows += detail::csv_row(epochs[i]);
    if (written == 0) {
      io::AtomicFile file(path);
      detail::put(path, file.temporary(), "wb", rows);
      file.commit();
    } else {
      detail::put(path, path, "ab", rows);
    }
    written = epochs.size();
  };
}

}  // namespace latentcell
