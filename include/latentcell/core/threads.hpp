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
inline std::atomic<Index> thread_grain_set{0};  // 0: none
}

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

/// Whether a grain was set: then no region is kept on one thread because threads gained nothing.
inline bool thread_grain_is_set() { return detail::thread_grain_set.load(std::memory_order_relaxed) > 0; }

/// Work that a thread must have to itself before a second one is woken, in elements: one number of a vector loop, about
/// half a nanosecond. Regions of more work take several threads where these gained of late (kernel/thread_gain.hpp).
inline Index thread_grain() {
  const Index set = detail::thread_grain_set.load(std::memory_order_relaxed);
  return set > 0 ? set : Index(1) << 17;
}

/// Sets the grain of all threads; every region of more work then takes several, faster or not. Results depend on
/// neither. elements in [0, 2^40]; 0: the default, and what threads gain decides
inline void set_thread_grain(Index elements) {
  LATENTCELL_REQUIRE(elements >= 0 && elements <= Index(1) << 40, "set_thread_grain: must be in [0, 2^40], got ",
                     elements);
  detail::thread_grain_set.store(elements, std::memory_order_relaxed);
}

}  // namespace latentcell
