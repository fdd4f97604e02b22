#pragma once

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include <latentcell/core/error.hpp>
#include <latentcell/io/sync_path.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Makes a folder of files whole or not at all: write to temporary(), then call commit(). The temporary lies beside the
/// target; without commit() it is removed with all that it holds, and so are those of processes of this computer that
/// are gone: a temporary's name has the process and the computer. The target must not exist, or be empty. POSIX only.
/// Throws std::runtime_error with the path and the system's error.
class AtomicFolder {
 public:
  explicit AtomicFolder(const std::string& path) : target_(target_of(path)) {
    if (path.empty()) throw_runtime("cannot write a folder without a name");
    std::error_code trouble;
    const std::filesystem::file_status status = std::filesystem::status(target_, trouble);
    if (std::filesystem::exists(status)) {
      if (!std::filesystem::is_directory(status)) throw_runtime(path, ": cannot be written: it is no folder");
      if (!std::filesystem::is_empty(target_, trouble)) throw_runtime(path, ": cannot be written: it is not empty");
    }
    const std::string start = start_of_name(target_);
    remove_stale(parent_of(target_), start);
    temporary_ = temporary_of(path);
    if (::mkdir(temporary_.c_str(), 0777) != 0) {
      const int error = errno;
      temporary_.clear();
      throw_runtime(path, ": cannot be written: ", std::strerror(error));
    }
  }
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  ~AtomicFolder() {
    std::error_code ignored;
    if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
  }

  /// Where this process would write a folder until it is committed.
  static std::string temporary_of(const std::string& path) {
    const std::filesystem::path target = target_of(path);
    return (parent_of(target) / text(start_of_name(target), long(::getpid()), end_of_name())).string();
  }

  /// Where to write until commit().
  std::string temporary() const { return temporary_.string(); }

  /// Syncs the files and gives the folder its name. Call once, with the files in it closed.
  void commit() {
    if (temporary_.empty()) throw_runtime(target_.string(), ": was committed before");
    sync_folder(temporary_.string());
    if (::rename(temporary_.c_str(), target_.c_str()) != 0)
      throw_runtime(target_.string(), ": cannot be written: ", std::strerror(errno));
    temporary_.clear();
    sync_path(parent_of(target_).string());
  }

 private:
  static std::filesystem::path target_of(const std::string& path) {
    const std::filesystem::path target = std::filesystem::path(path).lexically_normal();
    return target.has_filename() ? target : target.parent_path();  // "out/" is "out"
  }
  static std::filesystem::path parent_of(const std::filesystem::path& target) {
    return target.has_parent_path() ? target.parent_path() : ".";
  }
  static std::string start_of_name(const std::filesystem::path& target) {
    return "." + target.filename().string().substr(0, 150) + ".";
  }
  static std::string end_of_name() {
    char host[65] = "";
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    std::string end = text("@", host, ".tmp");
    std::replace(end.begin(), end.end(), '/', '_');
    return end;
  }
  static void remove_stale(const std::filesystem::path& parent, const std::string& start) {
    std::error_code trouble;
    const std::string here = end_of_name();
    for (const auto& entry : std::filesystem::directory_iterator(parent, trouble)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(start) || !name.ends_with(here)) continue;
      char* end = nullptr;
      const long process = std::strtol(name.c_str() + start.size(), &end, 10);
      if (process <= 0 || end != here || ::kill(::pid_t(process), 0) == 0 || errno != ESRCH) continue;
      std::error_code ignored;
      std::filesystem::remove_all(entry.path(), ignored);
    }
  }

  std::filesystem::path target_, temporary_;
};

}  // namespace latentcell::io
