#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Lists of records on disk that grow in any order and are read one list after the other: what is larger than memory
/// can be sorted into parts that are not. All lists are in one file without a name, which is gone with the process.
/// POSIX only. Throws std::runtime_error naming the folder where the disk is full or fails.
class BucketFile {
 public:
  /// folder: where the file lies. buffer: bytes in memory for each bucket.
  BucketFile(std::string folder, Index buckets, std::size_t buffer)
      : folder_(std::move(folder)), buffer_(buffer), buckets_(to_size(buckets)) {
    std::string path = folder_ + "/bucket-XXXXXX";
    file_ = ::mkstemp(path.data());
    if (file_ < 0) fail(errno);
    ::unlink(path.c_str());
  }
  BucketFile(const BucketFile&) = delete;
  BucketFile& operator=(const BucketFile&) = delete;
  ~BucketFile() { ::close(file_); }

  /// Adds a record to a bucket.
  void append(Index bucket, std::span<const char> record) {
    Bucket& b = buckets_[to_size(bucket)];
    if (b.waiting.size() + record.size() > buffer_) flush(b);
    if (b.waiting.capacity() == 0) b.waiting.reserve(std::max(buffer_, record.size()));
    b.waiting.insert(b.waiting.end(), record.begin(), record.end());
  }

  /// Calls use(bytes) with the records of a bucket in the order in which they came, some whole ones at a time.
  template <class Use>
  void read(Index bucket, const Use& use) const {
    const Bucket& b = buckets_[to_size(bucket)];
    std::vector<char> bytes;
    for (const Piece& piece : b.pieces) {
      bytes.resize(piece.size);
      for (std::size_t done = 0; done < piece.size;) {
        const ::ssize_t n = ::pread(file_, bytes.data() + done, piece.size - done, ::off_t(piece.at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail(n < 0 ? errno : EIO);
        done += std::size_t(n);
      }
      use(std::span<const char>(bytes));
    }
    if (!b.waiting.empty()) use(std::span<const char>(b.waiting));
  }

  /// Writes what is in memory, and frees it.
  void flush() {
    for (Bucket& b : buckets_) {
      flush(b);
      std::vector<char>().swap(b.waiting);
    }
  }

 private:
  struct Piece {
    std::uint64_t at;
    std::size_t size;
  };
  struct Bucket {
    std::vector<char> waiting;
    std::vector<Piece> pieces;
  };

  void flush(Bucket& b) {
    for (std::size_t done = 0; done < b.waiting.size();) {
      const ::ssize_t n = ::pwrite(file_, b.waiting.data() + done, b.waiting.size() - done, ::off_t(end_ + done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail(n < 0 ? errno : ENOSPC);
      done += std::size_t(n);
    }
    if (!b.waiting.empty()) b.pieces.push_back({end_, b.waiting.size()});
    end_ += b.waiting.size();
    b.waiting.clear();
  }
  [[noreturn]] void fail(int error) const {
    throw_runtime(folder_, ": the temporary file of cells fails: ", std::strerror(error));
  }

  std::string folder_;
  std::size_t buffer_;
  std::vector<Bucket> buckets_;
  std::uint64_t end_ = 0;
  int file_ = -1;
};

}  // namespace latentcell::io
