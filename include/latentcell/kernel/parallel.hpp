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

/// Runs region(parts), or region(1) where threads gained nothing of late. The region returns the seconds that one
/// thread would have taken, estimated from the caller's own part.
template <class Region>
void with_threads(Index parts, const Region& region) {
#ifdef _OPENMP
  if (omp_in_parallel() != 0) parts = std::min<Index>(parts, 1);  // the threads are taken
#endif
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

namespace detail {

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

}  // namespace detail

/// Runs body(part) for the parts in [0, parts), one a thread, the caller's first. -> seconds on one thread
template <class Body>
double run_parts(Index parts, const Body& body) {
  detail::Trouble trouble;
  double own = 0;
#pragma omp parallel for num_threads(int(parts)) schedule(static, 1)
  for (Index p = 0; p < parts; ++p) {
    const double start = p == 0 ? seconds_now() : 0;
    trouble.guard([&] { body(p); });
    if (p == 0) own = seconds_now() - start;
  }
  trouble.rethrow();
  return own * double(parts);
}

/// The same in two phases: second(part) when first is done for all parts. Neither may throw.
template <class First, class Second>
double run_phases(Index parts, const First& first, const Second& second) {
  double own = 0;  // without waiting between the phases
  const auto timed = [&](Index p, const auto& phase) {
    const double start = p == 0 ? seconds_now() : 0;
    phase(p);
    if (p == 0) own += seconds_now() - start;
  };
#pragma omp parallel num_threads(int(parts))
  {
#pragma omp for schedule(static, 1)
    for (Index p = 0; p < parts; ++p) timed(p, first);
#pragma omp for schedule(static, 1) nowait
    for (Index p = 0; p < parts; ++p) timed(p, second);
  }
  return own * double(parts);
}

/// Runs body(first, last) on contiguous parts of [0, n), one part per thread; in place where n < 2 * grain or one
/// thread is set. How many parts there are must not change what body computes: it follows what threads gain. An
/// exception of a part reaches the caller.
template <class Body>
void parallel_ranges(Index n, Index grain, const Body& body) {
  if (n <= 0) return;
  with_threads(std::min<Index>(threads(), n / std::max<Index>(1, grain)), [&](Index parts) {
    if (parts > 1) return run_parts(parts, [&](Index p) { body(n * p / parts, n * (p + 1) / parts); });
    body(Index(0), n);
    return 0.0;
  });
}

/// Runs body(i) for i in [0, n); items are handed out one by one, so body must not care which thread runs it.
/// work: elements of all items together, as of thread_grain()
template <class Body>
void parallel_items(Index n, Index work, const Body& body) {
  with_threads(std::min<Index>({threads(), n, work / thread_grain()}), [&](Index parts) {
    if (parts < 2) {
      for (Index i = 0; i < n; ++i) body(i);
      return 0.0;
    }
    std::atomic<Index> next{0};
    std::atomic<bool> failed{false};
    double per_item = 0;
    run_parts(parts, [&](Index p) {
      const double start = seconds_now();
      Index done = 0;
      for (Index i = next++; i < n && !failed; i = next++, ++done) {
        try {
          body(i);
        } catch (...) {
          failed = true;
          throw;
        }
      }
      if (p == 0) per_item = (seconds_now() - start) / double(std::max<Index>(1, done));
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
