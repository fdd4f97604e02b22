#pragma once

#include <algorithm>
#include <exception>
#include <latentcell/core/threads.hpp>
#include <latentcell/core/types.hpp>

// Without OpenMP there is one thread, so what follows a "one thread" return is left out.

namespace LATENTCELL_NAMESPACE::kernel {

/// Runs body(first, last) on contiguous parts of [0, n), one part per thread; in place where n < 2 * grain or one
/// thread is set. Parts depend on n, grain and the number of threads only. An exception of a part reaches the caller.
template <class Body>
void parallel_ranges(Index n, Index grain, const Body& body) {
  const Index parts = std::min<Index>(threads(), grain > 0 ? n / grain : n);
  if (parts < 2) {
    if (n > 0) body(Index(0), n);
    return;
  }
#ifdef _OPENMP
  std::exception_ptr trouble;
#pragma omp parallel for num_threads(int(parts)) schedule(static, 1)
  for (Index p = 0; p < parts; ++p) {
    try {
      body(n * p / parts, n * (p + 1) / parts);
    } catch (...) {
#pragma omp critical(latentcell_parallel_trouble)
      trouble = std::current_exception();
    }
  }
  if (trouble) std::rethrow_exception(trouble);
#endif
}

/// Runs body(i) for i in [0, n); items are handed out one by one, so body must not care which thread runs it.
template <class Body>
void parallel_items(Index n, const Body& body) {
  if (n < 2 || threads() < 2) {
    for (Index i = 0; i < n; ++i) body(i);
    return;
  }
#ifdef _OPENMP
  std::exception_ptr trouble;
#pragma omp parallel for schedule(dynamic, 1)
  for (Index i = 0; i < n; ++i) {
    try {
      body(i);
    } catch (...) {
#pragma omp critical(latentcell_parallel_trouble)
      trouble = std::current_exception();
    }
  }
  if (trouble) std::rethrow_exception(trouble);
#endif
}

/// Runs first(part) for all parts in [0, parts), and when all are done second(part), in one region: what the parts make
/// together and then share. Neither may throw.
template <class First, class Second>
void parallel_phases(Index parts, const First& first, const Second& second) {
#pragma omp parallel num_threads(int(parts))
  {
#pragma omp for schedule(static, 1)
    for (Index p = 0; p < parts; ++p) first(p);
#pragma omp for schedule(static, 1) nowait
    for (Index p = 0; p < parts; ++p) second(p);
  }
}

}  // namespace latentcell::kernel
