#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#ifdef _OPENMP
#include <omp.h>
#endif

#include <latentcell/core/threads.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/thread_gain.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Items of a loop that are worth a thread, each of some elements of work (core/threads.hpp).
inline Index grain_of(Index elements) { return std::max<Index>(1, thread_grain() / std::max<Index>(1, elements)); }

namespace detail {

/// Runs region(parts), or region(1) where threads gained nothing of late. The region returns the seconds that one
/// thread would have taken, estimated from the caller's own part.
template <class Region>
void with_threads(Index parts, const Region& region) {
  if (parts < 2 || thread_grain_is_set()) {
    region(parts);
    return;
  }
  ThreadGain& gain = thread_gain();
  const double start = seconds_now();
  if (!gain.worthwhile(start)) {
    region(Index(1));
    return;
  }
  const double alone = region(parts), end = seconds_now();
  gain.add(alone, end - start, end);
  // Threads that wait for the next region spin, which takes from the others that want the processors.
#ifdef _OPENMP
  if (!gain.worthwhile(end)) omp_pause_resource_all(omp_pause_soft);
#endif
}

// Keeps the last exception of a region's parts, and throws it when all are done.
struct Trouble {
  std::exception_ptr what;
  template <class Part>
  void guard(const Part& part) {
    try {
      part();
    } catch (...) {
#ifdef _OPENMP
#pragma omp critical(latentcell_parallel_trouble)
#endif
      what = std::current_exception();
    }
  }
  void rethrow() const {
    if (what) std::rethrow_exception(what);
  }
};

/// Runs body(part) for the parts in [0, parts), one a thread, the caller's first. -> seconds on one thread
template <class Body>
double run_parts(Index parts, const Body& body) {
  Trouble trouble;
  const double start = seconds_now();
  double own = 0;
#pragma omp parallel for num_threads(int(parts)) schedule(static, 1)
  for (Index p = 0; p < parts; ++p) {
    trouble.guard([&] { body(p); });
    if (p == 0) own = seconds_now() - start;
  }
  trouble.rethrow();
  return own * double(parts);
}

/// The same in two phases: second(part) when first is done for all parts. Neither may throw.
template <class First, class Second>
double run_phases(Index parts, const First& first, const Second& second) {
  const double start = seconds_now();
  double own = 0;
#pragma omp parallel num_threads(int(parts))
  {
#pragma omp for schedule(static, 1)
    for (Index p = 0; p < parts; ++p) first(p);
#pragma omp for schedule(static, 1) nowait
    for (Index p = 0; p < parts; ++p) {
      second(p);
      if (p == 0) own = seconds_now() - start;
    }
  }
  return own * double(parts);
}

}  // namespace detail

/// Runs body(first, last) on contiguous parts of [0, n), one part per thread; in place where n < 2 * grain or one
/// thread is set. Parts depend on n, grain and the number of threads. An exception of a part reaches the caller.
template <class Body>
void parallel_ranges(Index n, Index grain, const Body& body) {
  if (n <= 0) return;
  detail::with_threads(std::min<Index>(threads(), n / std::max<Index>(1, grain)), [&](Index parts) {
    if (parts > 1) return detail::run_parts(parts, [&](Index p) { body(n * p / parts, n * (p + 1) / parts); });
    body(Index(0), n);
    return 0.0;
  });
}

/// Runs body(i) for i in [0, n); items are handed out one by one, so body must not care which thread runs it.
/// work: elements of all items together, as of thread_grain()
template <class Body>
void parallel_items(Index n, Index work, const Body& body) {
  detail::with_threads(std::min<Index>({threads(), n, work / thread_grain()}), [&](Index parts) {
    if (parts < 2) {
      for (Index i = 0; i < n; ++i) body(i);
      return 0.0;
    }
    std::atomic<Index> next{0};
    std::atomic<bool> failed{false};
    double per_item = 0;
    detail::run_parts(parts, [&](Index p) {
      const double start = detail::seconds_now();
      Index done = 0;
      for (Index i = next++; i < n && !failed; i = next++, ++done) {
        try {
          body(i);
        } catch (...) {
          failed = true;
          throw;
        }
      }
      if (p == 0) per_item = (detail::seconds_now() - start) / double(std::max<Index>(1, done));
    });
    return per_item * double(n);
  });
}

/// The same for items that are worth a thread each: a tree, a solve, a cell of many draws.
template <class Body>
void parallel_items(Index n, const Body& body) {
  parallel_items(n, n * thread_grain(), body);
}

}  // namespace latentcell::kernel
