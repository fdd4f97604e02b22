#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <unistd.h>

// What the harnesses share. Each reads a file of the fuzzer's bytes: a table or a sentence is right, a crash, a leak, a
// time over 5 s or memory over 2 GB is a finding.

namespace fuzz {

/// A file of these bytes, in memory, which goes with the object.
class File {
 public:
  File(const std::uint8_t* bytes, std::size_t size, const char* ending)
      : path_("/dev/shm/latentcell-fuzz-" + std::to_string(::getpid()) + ending) {
    std::FILE* out = std::fopen(path_.c_str(), "wb");
    if (out == nullptr) __builtin_trap();
    if (size > 0) (void)std::fwrite(bytes, size, 1, out);
    std::fclose(out);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Reads; an exception of one line is as good as a table. Another is a finding.
template <class Read>
int reads(const std::uint8_t* bytes, std::size_t size, const char* ending, const Read& read) {
  const File file(bytes, size, ending);
  try {
    read(file.path());
  } catch (const std::exception& e) {
    const std::string said = e.what();
    if (said.empty() || said.find('\n') != std::string::npos) __builtin_trap();
  }
  return 0;
}

}  // namespace fuzz
