#include <latentcell/kernel/gamma.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

// Elements per second of each function over arrays that stay in the first cache, beside the standard library's.

namespace {

namespace fast = latentcell::kernel::fast;

template <class F>
void over_array(benchmark::State& state, float first, float last, const F& function) {
  constexpr int n = 2048;
  std::vector<float> x(n), y(n);
  for (int i = 0; i < n; ++i) x[std::size_t(i)] = first + (last - first) * float(i) / float(n);
  for (auto _ : state) {
    const float* from = x.data();
    float* to = y.data();
#pragma omp simd
    for (int i = 0; i < n; ++i) to[i] = function(from[i]);
    benchmark::DoNotOptimize(to);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

#define LATENTCELL_BENCH(name, first, last, call)                 \
  void name(benchmark::State& state) {                            \
    over_array(state, first, last, [](float x) { return call; }); \
  }                                                               \
  BENCHMARK(name)

LATENTCELL_BENCH(exp, -10.0f, 10.0f, fast::exp(x));
LATENTCELL_BENCH(expm1, -10.0f, 10.0f, fast::expm1(x));
LATENTCELL_BENCH(log, 0.001f, 1e4f, fast::log(x));
LATENTCELL_BENCH(log1p, 0.0f, 10.0f, fast::log1p(x));
LATENTCELL_BENCH(tanh, -4.0f, 4.0f, fast::tanh(x));
LATENTCELL_BENCH(sigmoid, -8.0f, 8.0f, fast::sigmoid(x));
LATENTCELL_BENCH(softplus, -8.0f, 8.0f, fast::softplus(x));
LATENTCELL_BENCH(lgamma, 0.01f, 50.0f, fast::lgamma(x));
LATENTCELL_BENCH(digamma, 0.01f, 50.0f, fast::digamma(x));

}  // namespace

// The standard library's calls cannot be vector code, so these loops carry no pragma.
namespace standard {

template <class F>
void over_array(benchmark::State& state, float first, float last, const F& function) {
  constexpr int n = 2048;
  std::vector<float> x(n), y(n);
  for (int i = 0; i < n; ++i) x[std::size_t(i)] = first + (last - first) * float(i) / float(n);
  for (auto _ : state) {
    for (std::size_t i = 0; i < std::size_t(n); ++i) y[i] = function(x[i]);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

static void std_exp(benchmark::State& state) {
  over_array(state, -10.0f, 10.0f, [](float x) { return std::exp(x); });
}
BENCHMARK(std_exp);
static void std_log(benchmark::State& state) {
  over_array(state, 0.001f, 1e4f, [](float x) { return std::log(x); });
}
BENCHMARK(std_log);
static void std_tanh(benchmark::State& state) {
  over_array(state, -4.0f, 4.0f, [](float x) { return std::tanh(x); });
}
BENCHMARK(std_tanh);

}  // namespace standard
