#pragma once

#include <omp.h>

#include <latentcell/core/error.hpp>

namespace latentcell {

/// Threads the next parallel region of this thread may use.
inline int threads() { return omp_get_max_threads(); }

/// Sets the number of threads for regions started by this thread.   n >= 1
inline void set_threads(int n) {
  LATENTCELL_REQUIRE(n >= 1, "set_threads: needs at least 1, got ", n);
  omp_set_num_threads(n);
}

}  // namespace latentcell
