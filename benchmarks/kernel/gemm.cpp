#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/gemm.hpp>

#include <benchmark/benchmark.h>

// FLOPs a second of the three products on one thread, for the shapes of the models, beside Eigen's. Arguments: rows,
// columns and depth of the product. The machine's best product is what `task/best_product.py` prints.

namespace {

using namespace latentcell;

enum class Product { nn, nt, tn, eigen };

template <Product which>
void product(benchmark::State& state) {
  const Index rows = state.range(0), cols = state.range(1), depth = state.range(2);
  set_threads(1);
  Rng rng(1);
  const auto made = [&](Index r, Index c) {
    return Matrix<float>(Matrix<float>::NullaryExpr(r, c, [&](Index, Index) { return float(rng.normal()); }));
  };
  const bool a_turned = which == Product::tn, b_turned = which == Product::nt;
  const Matrix<float> a = a_turned ? made(depth, rows) : made(rows, depth);
  const Matrix<float> b = b_turned ? made(cols, depth) : made(depth, cols);
  Matrix<float> c = Matrix<float>::Zero(rows, cols);
  const auto from = [](const Matrix<float>& m) { return ConstView<float>(m.data(), m.rows(), m.cols()); };
  const View<float> to(c.data(), rows, cols);
  for (auto _ : state) {
    if constexpr (which == Product::nn) kernel::gemm_nn<float>(from(a), from(b), to, {false});
    if constexpr (which == Product::nt) kernel::gemm_nt<float>(from(a), from(b), to, {false});
    if constexpr (which == Product::tn) kernel::gemm_tn<float>(from(a), from(b), to, {false});
    if constexpr (which == Product::eigen) c.noalias() = a * b;
    benchmark::ClobberMemory();
  }
  const double flops = 2.0 * double(rows) * double(cols) * double(depth);
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

// A transformer of width 256 on 1,024 tokens; autoencoders of width 128 and 512 on 128 cells and 5,000 genes.
void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"rows", "cols", "depth"});
  b->Args({1024, 768, 256})->Args({1024, 256, 256})->Args({1024, 1024, 256})->Args({1024, 256, 1024});
  b->Args({256, 1024, 1024})
      ->Args({1024, 256, 1024})
      ->Args({128, 5000, 128})
      ->Args({128, 5000, 512})
      ->Args({5000, 512, 128});
  b->Args({128, 512, 5000})->Args({2000, 2000, 2000});
}
BENCHMARK_TEMPLATE(product, Product::nn)->Apply(shapes);
BENCHMARK_TEMPLATE(product, Product::nt)->Apply(shapes);
BENCHMARK_TEMPLATE(product, Product::tn)->Apply(shapes);
BENCHMARK_TEMPLATE(product, Product::eigen)->Apply(shapes);

}  // namespace
