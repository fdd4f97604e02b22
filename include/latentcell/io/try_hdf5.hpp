#pragma once

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>

#include <fcntl.h>
#include <poll.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <latentcell/io/hdf5_walk.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// What the child process tells: signs of life, a sentence where there is one, and that it came to the end.
struct WalkOutcome {
  bool hung = false, ended = false;
  int status = 0;  ///< of waitpid; 0 where the system keeps none, as where SIGCHLD is ignored
  std::string said;
};

inline constexpr char sign_of_life = '\0', end_of_walk = '\1';

/// Limits what this process may take further, in bytes.
inline void limit_memory(std::uint64_t further) {
  unsigned long pages[6] = {0};
  std::FILE* in = std::fopen("/proc/self/statm", "r");
  if (in == nullptr) return;
  const int read =
      std::fscanf(in, "%lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3], &pages[4], &pages[5]);
  std::fclose(in);
  if (read != 6) return;
  const rlim_t most = rlim_t(pages[5]) * rlim_t(::sysconf(_SC_PAGESIZE)) + rlim_t(further);
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur < most) return;
  limit.rlim_cur = most;
  ::setrlimit(RLIMIT_DATA, &limit);
}

/// The child takes nothing of the reader's with it: a terminal's Ctrl-C is the reader's to answer, a crash ends the
/// child alone, and open files, which may hold locks, are closed but for the pipe; unless HDF5 has files open here,
/// which the child's HDF5 shares. It ends where the reader does.
inline void leave_reader(int pipe, ::pid_t reader) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
  for (const int signal : {SIGALRM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGPIPE}) ::signal(signal, SIG_DFL);
  ::sigset_t endings;
  ::sigemptyset(&endings);
  for (const int signal : {SIGALRM, SIGPIPE}) ::sigaddset(&endings, signal);
  ::sigprocmask(SIG_UNBLOCK, &endings, nullptr);
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (::getppid() != reader) ::_exit(1);
  if (H5Fget_obj_count(hid_t(H5F_OBJ_ALL), H5F_OBJ_ALL) != 0) return;
  constexpr int most = 256;
  for (int file = STDERR_FILENO + 1; file < most; ++file) {
    if (file != pipe) ::close(file);
  }
}

/// The child: walks the file and ends. What crashes here does not crash the reader.
[[noreturn]] inline void walk_and_end(const std::string& path, int to, ::pid_t reader, int patience) noexcept {
  // An alarm ends a child that hangs in HDF5 and has no reader left.
  const auto alive = [to, patience] {
    ::alarm(unsigned(patience) + 1);
    (void)!::write(to, &sign_of_life, 1);
  };
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  rlimit memory{};
  if (::getrlimit(RLIMIT_DATA, &memory) == 0) {  // what the reader may take says nothing about the file
    memory.rlim_cur = memory.rlim_max;
    ::setrlimit(RLIMIT_DATA, &memory);
  }
  leave_reader(to, reader);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO), ::dup2(nowhere, STDOUT_FILENO);
  std::string said;
  try {
    alive();
    const Hdf5Object root = Hdf5Object::open_file(path);
    limit_memory((std::uint64_t{512} << 20) + 3 * root.file_size());
    Hdf5Walk(alive).visit(root);
  } catch (const std::bad_alloc&) {
    said = path + ": asks for more memory than its size allows: the file is damaged";
  } catch (const std::exception& e) {
    said = e.what();
  }
  (void)!::write(to, said.data(), said.size());
  (void)!::write(to, &end_of_walk, 1);
  ::_exit(0);
}

/// Waits for the child while it gives signs of life.
inline WalkOutcome wait_for_walk(::pid_t child, int from, int patience) {
  WalkOutcome out;
  char bytes[4096];
  for (bool open = true; open;) {
    ::pollfd ready{from, POLLIN, 0};
    const int n = ::poll(&ready, 1, patience * 1000);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) {
      out.hung = true;
      ::kill(child, SIGKILL);
    }
    const ssize_t got = n > 0 ? ::read(from, bytes, sizeof bytes) : 0;
    if (got < 0 && errno == EINTR) continue;
    for (ssize_t i = 0; i < got; ++i) {
      if (bytes[i] == end_of_walk) out.ended = true;
      if (bytes[i] != sign_of_life && bytes[i] != end_of_walk) out.said += bytes[i];
    }
    open = got > 0;
  }
  while (::waitpid(child, &out.status, 0) < 0 && errno == EINTR) {
  }
  return out;
}

/// Fails with what the child said, or why it said nothing.
inline void require_walked(const std::string& path, const WalkOutcome& out, int patience) {
  if (!out.said.empty()) throw_runtime(out.said);
  if (out.hung || (WIFSIGNALED(out.status) && WTERMSIG(out.status) == SIGALRM))
    throw_runtime(path, ": nothing was read for ", patience,
                  " s: the file is damaged, or its disk is slow (--trust-input reads it without this)");
  if (out.ended) return;
  if (WIFSIGNALED(out.status) && WTERMSIG(out.status) == SIGKILL)
    throw_runtime(path, ": the process that tries the file was killed (out of memory?)");
  throw_runtime(path, ": the file is damaged (HDF5 failed reading it)");
}

/// A pipe that programs started meanwhile do not keep open, none of its ends one of the standard files, which a
/// program may have closed; false where there is none.
inline bool open_pipe(int (&ends)[2]) {
  if (::pipe(ends) != 0) return false;
  for (int& end : ends) {
    const int moved = ::fcntl(end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ::close(end);
    end = moved;
  }
  if (ends[0] >= 0 && ends[1] >= 0) return true;
  for (const int end : ends) ::close(end);
  return false;
}

}  // namespace detail

/// Lets a child process open an HDF5 file and walk through it, so that a damaged one at which HDF5 itself crashes,
/// takes all memory or never ends becomes an error. The child reads the bytes of all chunks and unpacks few: it takes a
/// small part of the time of reading. Where no child can be started nothing is tried. No other thread may be inside
/// HDF5. patience: seconds without a sign of life after which the child is taken to hang.
///
/// Throws std::runtime_error naming the file, and the dataset where there is one to name.
inline void try_hdf5(const std::string& path, int patience = 20) {
  int ends[2];
  if (!detail::open_pipe(ends)) return;
  const ::pid_t reader = ::getpid(), child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return;
  }
  if (child == 0) detail::walk_and_end(path, ends[1], reader, patience);
  ::close(ends[1]);
  const detail::WalkOutcome out = detail::wait_for_walk(child, ends[0], patience);
  ::close(ends[0]);
  detail::require_walked(path, out, patience);
}

}  // namespace latentcell::io
