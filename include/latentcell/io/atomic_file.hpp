#pragma once

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <latentcell/core/error.hpp>
#include <latentcell/io/sync_path.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Replaces a file atomically: write to temporary(), close it, then call commit(). The temporary lies in the folder of
/// the target, because renaming is atomic there only; without commit() it is removed. Symbolic links are followed, and
/// an existing target keeps its permissions. POSIX only.
/// Throws std::runtime_error with the path and the system's error.
class AtomicFile {
 public:
  /// Creates an empty temporary. A missing or read-only folder is therefore reported before the work begins.
  explicit AtomicFile(std::string path) : path_(std::move(path)), target_(path_) {
    if (path_.empty()) throw_runtime("cannot write a file without a name");
    struct stat status {};
    const bool replaces = ::stat(path_.c_str(), &status) == 0;
    if (replaces) {
      if (!S_ISREG(status.st_mode)) throw_runtime(path_, ": cannot be written: it exists and is not a plain file");
      if (::access(path_.c_str(), W_OK) != 0) fail();
      if (char* real = ::realpath(path_.c_str(), nullptr)) {
        target_ = real;
        std::free(real);
      }
    }
    const std::size_t slash = target_.rfind('/');
    folder_ = slash == std::string::npos ? "." : target_.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? target_ : target_.substr(slash + 1);
    // 255 bytes is the longest name of common file systems.
    const std::string start = text(".", name.substr(0, 200), ".");
    remove_stale(start);
    const std::string stem = text(folder_, "/", start, long(::getpid()), "-");
    for (int attempt = 0;; ++attempt) {
      std::string candidate = text(stem, attempt, ".tmp");
      const int file = ::open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (file >= 0) {
        temporary_ = std::move(candidate);
        if (replaces && ::fchmod(file, status.st_mode & 0777u) != 0) errno = 0;  // not an error
        ::close(file);
        return;
      }
      if (errno != EEXIST || attempt == 1000) fail();
    }
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  /// Where to write until commit().
  const std::string& temporary() const { return temporary_; }

  /// Syncs the temporary, renames it to the target and syncs the folder. Call once, with the temporary closed.
  void commit() {
    if (temporary_.empty()) throw_runtime(path_, ": was committed before");
    sync_path(temporary_, path_);
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
    temporary_.clear();
    sync_path(folder_, path_);
  }

 private:
  // Removes temporaries of this target whose process is gone, as one that was killed leaves them. Those of the last
  // minute may be of another computer.
  void remove_stale(const std::string& start) const {
    DIR* const folder = ::opendir(folder_.c_str());
    if (folder == nullptr) return;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string name = entry->d_name;
      if (name.rfind(start, 0) != 0 || name.size() < start.size() + 6 || name.substr(name.size() - 4) != ".tmp")
        continue;
      char* end = nullptr;
      const long process = std::strtol(name.c_str() + start.size(), &end, 10);
      struct stat status {};
      const std::string path = folder_ + "/" + name;
      if (*end != '-' || process <= 0 || ::kill(::pid_t(process), 0) == 0 || errno != ESRCH) continue;
      if (::stat(path.c_str(), &status) == 0 && ::time(nullptr) - status.st_mtime >= 60) ::unlink(path.c_str());
    }
    ::closedir(folder);
    errno = 0;
  }

  [[noreturn]] void fail() const { throw_runtime(path_, ": cannot be written: ", std::strerror(errno)); }

  std::string path_, target_, folder_, temporary_;
};

}  // namespace latentcell::io
