#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <latentcell/core/error.hpp>

// Without -fopenmp all runs on one thread. Compile with -fopenmp-simd then, as the CMake target does: it keeps the
// vector loops, and so every sum to the bit, and the compiler does not warn of pragmas.

namespace LATENTCELL_NAMESPACE {

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

}  // namespace latentcell
