#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

#include <latentcell/core/version.hpp>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace LATENTCELL_NAMESPACE {

/// Memory handed out front to back and taken back all at once. After the first round of a repeating job it
/// allocates nothing on the heap. Never runs destructors.
class Arena {
 public:
  static constexpr std::size_t alignment = 64;

  Arena() = default;
  Arena(Arena&& other) noexcept : chunks_(std::move(other.chunks_)), current_(other.current_), used_(other.used_) {
    other.chunks_.clear();
    other.reset();
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena& operator=(Arena&&) = delete;
  ~Arena() {
    for (const Chunk& chunk : chunks_) release(chunk);
  }

  /// bytes of uninitialised memory, aligned to a cache line; valid until reset().
  void* take(std::size_t bytes) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    while (current_ < chunks_.size() && used_ + bytes > chunks_[current_].size) {
      ++current_;
      used_ = 0;
    }
    if (current_ == chunks_.size()) grow(bytes);
    std::byte* at = chunks_[current_].data + used_;
    used_ += bytes;
    return at;
  }

  template <class T>
  T* take(std::ptrdiff_t n) {
    return static_cast<T*>(take(sizeof(T) * static_cast<std::size_t>(n)));
  }

  /// Where the arena stands: what is taken from here on goes back with rewind().
  struct Mark {
    std::size_t chunk, used;
  };
  Mark mark() const { return {current_, used_}; }
  /// Takes back all that was handed out since the mark.
  void rewind(Mark to) {
    current_ = to.chunk;
    used_ = to.used;
  }

  /// Takes everything back and keeps the memory for the next round.
  void reset() {
    current_ = 0;
    used_ = 0;
  }

  /// Bytes held, in use or not.
  std::size_t capacity() const {
    std::size_t sum = 0;
    for (const Chunk& chunk : chunks_) sum += chunk.size;
    return sum;
  }

 private:
  struct Chunk {
    std::byte* data;
    std::size_t size;
  };

  void grow(std::size_t bytes) {
    std::size_t size = std::max<std::size_t>({bytes, std::size_t{1} << 20, capacity() / 2});
    if (size >= huge_page) size = (size + huge_page - 1) / huge_page * huge_page;
    chunks_.push_back({static_cast<std::byte*>(::operator new(size, alignment_of(size))), size});
#ifdef __linux__
    // A step sweeps through all of a chunk: fewer, larger pages are fewer look-ups. Nothing is lost where it is
    // refused.
    if (size >= huge_page) (void)::madvise(chunks_.back().data, size, MADV_HUGEPAGE);
#endif
  }
  static void release(const Chunk& chunk) { ::operator delete(chunk.data, alignment_of(chunk.size)); }
  static std::align_val_t alignment_of(std::size_t size) {
    return std::align_val_t(size >= huge_page ? huge_page : alignment);
  }
  static constexpr std::size_t huge_page = std::size_t{1} << 21;

  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
};

}  // namespace latentcell
