#pragma once

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Waits until the disk has a file, or the names in a folder. What cannot be synced is left: a folder that cannot be
/// read, one on a file system that does not do it. POSIX only.
/// named: what an error calls it; the path where not given
/// Throws std::runtime_error with that name and the system's error.
inline void sync_path(const std::string& path, const std::string& named = {}) {
  const bool folder = std::filesystem::is_directory(path);
  const int file = ::open(path.c_str(), (folder ? O_RDONLY | O_DIRECTORY : O_RDWR) | O_CLOEXEC);
  if (file < 0 && folder) return;
  const int outcome = file < 0 ? -1 : ::fsync(file);
  const int trouble = errno;
  if (file >= 0) ::close(file);
  if (outcome != 0 && !(file >= 0 && trouble == EINVAL))
    throw_runtime(named.empty() ? path : named, ": cannot be written: ", std::strerror(trouble));
}

/// The same of all that a folder holds, and then of its names.
inline void sync_folder(const std::string& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_directory() || entry.is_regular_file()) sync_path(entry.path().string());
  }
  sync_path(folder);
}

}  // namespace latentcell::io
