#pragma once

#include <atomic>
#ifdef _OPENMP
#include <omp.h>
#endif

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

// Without -fopenmp all runs on one thread. Compile with -fopenmp-simd then, as the CMake target does: it keeps the
// vector loops, and so every sum to the bit, and the compiler does not warn of pragmas.

namespace LATENTCELL_NAMESPACE {

namespace detail {
inline std::atomic<Index> thread_grain{Index(1) << 17};
inline std::atomic<bool> thread_grain_is_set{false};
}  // namespace detail

/// Threads the next parallel region of this thread may use; 1 where the program is compiled without OpenMP.
inline int threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads for regions started by this thread.   n >= 1; 1 where compiled without OpenMP
inline void set_threads(int n) {
  LATENTCELL_REQUIRE(n >= 1, "set_threads: needs at least 1, got ", n);
#ifdef _OPENMP
  omp_set_num_threads(n);
#else
  LATENTCELL_REQUIRE(n == 1, "set_threads: compiled without OpenMP, so needs 1, got ", n);
#endif
}

/// Work that a thread must have to itself before a second one is woken, in elements: one number of a vector loop, about
/// half a nanosecond. Regions of more work take several threads where that made regions of their size faster before.
inline Index thread_grain() { return detail::thread_grain.load(std::memory_order_relaxed); }

/// Whether the grain was set: then no region is kept on one thread because threads gained nothing.
inline bool thread_grain_is_set() { return detail::thread_grain_is_set.load(std::memory_order_relaxed); }

/// Sets the grain of all threads; every region of more work then takes several, faster or not. Results depend on
/// neither. elements >= 1
inline void set_thread_grain(Index elements) {
  LATENTCELL_REQUIRE(elements >= 1, "set_thread_grain: needs at least 1, got ", elements);
  detail::thread_grain.store(elements, std::memory_order_relaxed);
  detail::thread_grain_is_set.store(true, std::memory_order_relaxed);
}

}  // namespace latentcell
