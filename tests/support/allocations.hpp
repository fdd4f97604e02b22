#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// Replaces the global operator new by one that counts. Include in exactly one file of a test program. Not inlined: GCC
// would see free() meet new and warn.

namespace support {

inline std::atomic<long> allocations{0};  ///< calls of operator new so far

inline void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* at = nullptr;
  if (alignment <= alignof(std::max_align_t)) {
    at = std::malloc(bytes == 0 ? 1 : bytes);
  } else if (posix_memalign(&at, alignment, bytes) != 0) {
    at = nullptr;
  }
  if (at == nullptr) throw std::bad_alloc();
  return at;
}

}  // namespace support

[[gnu::noinline]] void* operator new(std::size_t bytes) { return support::counted(bytes, 1); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return support::counted(bytes, 1); }
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a) { return support::counted(n, std::size_t(a)); }
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t a) {
  return support::counted(n, std::size_t(a));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return support::counted(bytes, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, const std::nothrow_t& tag) noexcept {
  return operator new(bytes, tag);
}
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at, std::size_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::align_val_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at, std::align_val_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t, std::align_val_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at, std::size_t, std::align_val_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at, const std::nothrow_t&) noexcept { std::free(at); }
