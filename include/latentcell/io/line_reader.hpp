#pragma once

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Reads a text file line by line, plain or gzipped (by its first bytes). Accepts Unix and Windows line ends; skips a
/// byte order mark. Throws std::runtime_error with the path, also where gzip data end too early.
class LineReader {
 public:
  explicit LineReader(std::string path) : path_(std::move(path)), buffer_(std::size_t{1} << 18) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) fail_system(errno);
    if (S_ISDIR(status.st_mode)) throw_runtime(path_, ": is a folder, not a text file");
    file_ = gzopen(path_.c_str(), "rb");
    if (file_ == nullptr) fail_system(errno);
    gzbuffer(file_, 1u << 18);
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader() {
    if (file_ != nullptr) gzclose_r(file_);
  }

  const std::string& path() const { return path_; }
  /// Number of the line that next() gave last, from 1.
  Index number() const { return number_; }

  /// The next line without its end, valid until the next call; false at the end of the text.
  bool next(std::string_view& line) {
    const void* end_of_line = nullptr;
    std::size_t searched = 0;
    while ((end_of_line = std::memchr(buffer_.data() + first_ + searched, '\n', last_ - first_ - searched)) ==
           nullptr) {
      searched = last_ - first_;
      if (!refill()) break;
    }
    if (end_of_line == nullptr && first_ == last_) return false;
    const std::size_t end =
        end_of_line == nullptr ? last_ : std::size_t(static_cast<const char*>(end_of_line) - buffer_.data());
    line = std::string_view(buffer_.data() + first_, end - first_);
    first_ = end_of_line == nullptr ? last_ : end + 1;
    if (number_ == 0 && (line.substr(0, 2) == "\xFF\xFE" || line.substr(0, 2) == "\xFE\xFF"))
      throw_runtime(path_, ": is UTF-16 text; save it as UTF-8");
    if (number_++ == 0 && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (number_ == 1 && line.find('\r') != std::string_view::npos)
      throw_runtime(path_, ": ends its lines with carriage returns alone; save it with line feeds");
    return true;
  }

  /// "file: line 3", for messages.
  std::string where() const { return text(path_, ": line ", number_); }
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw_runtime(where(), ": ", parts...);
  }

 private:
  [[noreturn]] void fail_system(int error) const {
    throw_runtime(path_, ": cannot be opened: ", error != 0 ? std::strerror(error) : "out of memory");
  }

  /// Appends bytes to the buffer; false at the end.
  bool refill() {
    if (first_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + first_, last_ - first_);
      last_ -= first_;
      first_ = 0;
    }
    if (last_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    const std::size_t room = std::min<std::size_t>(buffer_.size() - last_, std::size_t{1} << 30);
    const int got = gzread(file_, buffer_.data() + last_, unsigned(room));
    int trouble = Z_OK;
    const char* reason = gzerror(file_, &trouble);
    if (got < 0 || (trouble != Z_OK && trouble != Z_STREAM_END)) {
      if (trouble == Z_ERRNO) throw_runtime(path_, ": cannot be read: ", std::strerror(errno));
      if (trouble == Z_BUF_ERROR)
        throw_runtime(path_, ": cut short: the gzip data ends too early, after line ", number_);
      throw_runtime(path_, ": damaged: after line ", number_, " the gzip data cannot be unpacked (", reason, ")");
    }
    last_ += std::size_t(got);
    return got > 0;
  }

  std::string path_;
  std::vector<char> buffer_;
  std::size_t first_ = 0, last_ = 0;
  gzFile file_ = nullptr;
  Index number_ = 0;
};

}  // namespace latentcell::io
