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
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <latentcell/io/hdf5_walk.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// What the child process tells: signs of life, then nothing or a sentence.
struct WalkOutcome {
  bool hung = false;
  int status = 0;  ///< of waitpid
  std::string said;
};

inline constexpr char sign_of_life = '\0';

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

/// The child: walks the file and ends. What crashes here does not crash the reader.
[[noreturn]] inline void walk_and_end(const std::string& path, int to) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGPIPE})
    ::signal(signal, SIG_DFL);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  rlimit memory{};
  if (::getrlimit(RLIMIT_DATA, &memory) == 0) {  // what the reader may take says nothing about the file
    memory.rlim_cur = memory.rlim_max;
    ::setrlimit(RLIMIT_DATA, &memory);
  }
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO), ::dup2(nowhere, STDOUT_FILENO);
  std::string said;
  try {
    const Hdf5Object root = Hdf5Object::open_file(path);
    limit_memory((std::uint64_t{512} << 20) + 3 * root.file_size());
    Hdf5Walk([to] { (void)!::write(to, &sign_of_life, 1); }).visit(root);
  } catch (const std::bad_alloc&) {
    said = path + ": asks for more memory than its size allows: the file is damaged";
  } catch (const std::exception& e) {
    said = e.what();
  }
  (void)!::write(to, said.data(), said.size());
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
      if (bytes[i] != sign_of_life) out.said += bytes[i];
    }
    open = got > 0;
  }
  while (::waitpid(child, &out.status, 0) < 0 && errno == EINTR) {
  }
  return out;
}

}  // namespace detail

/// Lets a child process open an HDF5 file and walk through it, so that a damaged one at which HDF5 itself crashes,
/// takes all memory or never ends becomes an error. The child reads the bytes of all chunks and unpacks few: it takes a
/// small part of the time of reading. Where no child can be started nothing is tried. No other thread may be inside
/// HDF5. patience: seconds without a sign of life after which the child is taken to hang Throws std::runtime_error
/// naming the file, and the dataset where there is one to name.
inline void try_hdf5(const std::string& path, int patience = 20) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  const ::pid_t child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return;
  }
  if (child == 0) detail::walk_and_end(path, ends[1]);
  ::close(ends[1]);
  const detail::WalkOutcome out = detail::wait_for_walk(child, ends[0], patience);
  ::close(ends[0]);
  if (!out.said.empty()) throw_runtime(out.said);
  if (out.hung) throw_runtime(path, ": the file is damaged (HDF5 did not end reading it)");
  const bool ended = WIFEXITED(out.status) && WEXITSTATUS(out.status) == 0;
  if (!ended) throw_runtime(path, ": the file is damaged (HDF5 failed reading it)");
}

}  // namespace latentcell::io
