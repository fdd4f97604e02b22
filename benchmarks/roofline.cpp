// What bounds each hot kernel, and how much of the bound it reaches, on this machine.
//   roofline [--threads 2] [--isa avx512]
// Measures the machine first: FLOPs a second of a product that stays in the first cache level, and bytes a second of
// y += s x over two arrays of 20 MB, which caches near the cores do not hold (a large shared one may). A kernel's bound
// is the longer of its FLOPs and its bytes at those rates; FLOPs are the multiplications and additions of its products
// (of its formula where it has none), bytes what it must read and write once. Prints a Markdown table, and one of the
// same y += s x by how much memory it goes through.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/attention.hpp>
#include <latentcell/kernel/gemm.hpp>
#include <latentcell/kernel/layer_norm.hpp>
#include <latentcell/kernel/optimizer.hpp>
#include <latentcell/op/count_decoder.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/op/sparse_linear.hpp>

namespace lc = latentcell;
using lc::Index;
using lc::Matrix;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Median seconds of a call.
template <class Body>
double timed(const Body& body) {
  body();
  std::vector<double> seconds;
  for (double spent = 0; spent < 0.5 || seconds.size() < 5; spent += seconds.back()) {
    const double start = now();
    body();
    seconds.push_back(now() - start);
  }
  std::nth_element(seconds.begin(), seconds.begin() + std::ptrdiff_t(seconds.size() / 2), seconds.end());
  return seconds[seconds.size() / 2];
}

// Bytes a second of y += s x, both arrays of `megabytes` together: two read and one written for each number.
double stream_rate(Index megabytes) {
  const Index n = megabytes << 17;
  std::vector<float> x(lc::to_size(n), 1.0f), y(lc::to_size(n), 1.0f);
  const double stream = timed([&] {
    lc::kernel::parallel_ranges(n, n / lc::threads(), [from = x.data(), to = y.data()](Index first, Index last) {
      lc::kernel::vectorized([=]() __attribute__((always_inline)) {
        constexpr Index block = 256, ahead = 2 * block;
        for (Index start = first; start < last; start += block) {
          const Index end = start + block < last ? start + block : last;
          if (start + ahead + block <= last) {
            lc::kernel::detail::prefetch(from + start + ahead, 4 * block);
            lc::kernel::detail::prefetch(to + start + ahead, 4 * block);
          }
#pragma omp simd
          for (Index i = start; i < end; ++i) to[i] += 0.5f * from[i];
        }
      });
    });
  });
  return 12.0 * double(n) / stream;
}

struct Machine {
  double flops, bytes;  // a second
};

Machine measure() {
  const Index rows = 48, cols = 32, depth = 128, times = 2000;
  const double product = timed([&] {
    lc::kernel::parallel_ranges(lc::threads(), 1, [&](Index first, Index last) {
      std::vector<float> a(lc::to_size(rows * depth), 1e-3f), b(lc::to_size(depth * cols), 1.0f),
          c(lc::to_size(rows * cols));
      for (Index part = first; part < last; ++part) {
        for (Index i = 0; i < times; ++i) {
          lc::kernel::gemm_packed<float>({false}, rows, cols, depth, {a.data(), depth, 1}, b.data(), c.data(), cols);
        }
      }
    });
  });
  return {2.0 * double(rows * cols * depth * times) * lc::threads() / product, stream_rate(40)};
}

void row(const Machine& m, const std::string& name, double flops, double bytes, double seconds) {
  const double by_flops = flops / m.flops, by_bytes = bytes / m.bytes, bound = std::max(by_flops, by_bytes);
  std::printf("| %s | %.3g | %.3g | %.1f | %s | %.3f | %.3f | %.0f %% |\n", name.c_str(), flops / 1e6, bytes / 1e6,
              flops / bytes, by_flops > by_bytes ? "arithmetic" : "memory", bound * 1e3, seconds * 1e3,
              100 * bound / seconds);
}

Matrix<float> made(Index rows, Index cols, lc::Rng& rng) {
  return Matrix<float>::NullaryExpr(rows, cols, [&](Index, Index) { return float(rng.normal()); });
}
lc::ConstView<float> window(const Matrix<float>& m) { return {m.data(), m.rows(), m.cols()}; }
lc::View<float> view(Matrix<float>& m) { return {m.data(), m.rows(), m.cols()}; }

void products(const Machine& m, lc::Rng& rng) {
  struct Shape {
    const char* name;
    Index rows, cols, depth;
  };
  for (const Shape& s : {Shape{"product, 1,024 x 1,024 over 256", 1024, 1024, 256},
                         Shape{"product, 128 x 5,000 over 512", 128, 5000, 512}}) {
    const Matrix<float> a = made(s.rows, s.depth, rng), b = made(s.depth, s.cols, rng);
    const Matrix<float> at = a.transpose(), bt = b.transpose();
    Matrix<float> c = Matrix<float>::Zero(s.rows, s.cols);
    const double flops = 2.0 * double(s.rows) * double(s.cols) * double(s.depth);
    const double bytes = 4.0 * double(a.size() + b.size() + c.size());
    const std::string name = s.name;
    row(m, name, flops, bytes, timed([&] { lc::kernel::gemm_nn<float>(window(a), window(b), view(c), {false}); }));
    row(m, name + ", right side turned", flops, bytes,
        timed([&] { lc::kernel::gemm_nt<float>(window(a), window(bt), view(c), {false}); }));
    row(m, name + ", left side turned", flops, bytes,
        timed([&] { lc::kernel::gemm_tn<float>(window(at), window(b), view(c), {false}); }));
  }
}

void count_layers(const Machine& m, lc::Rng& rng) {
  const Index batch = 128, genes = 20000, width = 128;
  lc::Counts counts(genes);
  for (Index b = 0; b < batch; ++b) {
    for (Index g = 0; g < genes; ++g) {
      if (rng.uniform() < 0.07f) counts.push(std::int32_t(g), float(1 + rng() % 5));
    }
    counts.end_row();
  }
  const std::vector<float> library(lc::to_size(batch), 4000.0f), weight(lc::to_size(batch), 1.0f);
  lc::Param<float> w(genes, width), bias(1, genes), log_theta(1, genes), in(genes, width), in_bias(1, width);
  for (lc::Param<float>* p : {&w, &in}) p->value = 0.05f * made(genes, width, rng);
  Matrix<float> hidden = made(batch, width, rng);
  lc::Tape<float> tape;
  const double B = double(batch), G = double(genes), H = double(width), nonzeros = double(counts.nonzeros());

  const double decoder = timed([&] {
    tape.reset();
    lc::DecoderHeads<float> heads;
    heads.mean = {tape.watch(w), tape.watch(bias)};
    heads.log_theta = tape.watch(log_theta);
    (void)lc::count_decoder(lc::Family::negative_binomial, lc::LibraryLink::softmax, tape.input(window(hidden)), heads,
                            lc::CountTargets<float>{counts.view(), library, weight});
  });
  // Weights are read twice and their gradient written, logits written, read, means and d log mu written and read.
  row(m, "count decoder, NB, 128 x 20,000 over 128, with gradients", 6 * B * G * H, 4 * (3 * G * H + 6 * B * G),
      decoder);

  const double sparse = timed([&] {
    tape.reset();
    const lc::Var<float> y =
        lc::sparse_linear(counts.view(), std::span<const float>(library), tape.watch(in), tape.watch(in_bias));
    tape.backward(lc::mean(y));
  });
  row(m, "sparse layer and its gradient, 128 x 20,000 to 128", 4 * nonzeros * H, 4 * (2 * G * H) + 24 * nonzeros,
      sparse);
}

void transformer(const Machine& m, lc::Rng& rng) {
  const Index batch = 64, tokens = 16, width = 256, heads = 4, n = batch * tokens;
  const Matrix<float> qkv = made(n, 3 * width, rng), dy = made(n, width, rng);
  Matrix<float> y(n, width), p(batch * heads, tokens * tokens), dqkv(n, 3 * width);
  const lc::kernel::AttentionSize of{batch, tokens, tokens, width, heads};
  const auto in = lc::kernel::self_attention(qkv.data(), width);
  std::vector<float> scratch(lc::to_size(of.scratch())), rstd(lc::to_size(n));
  float* const d = dqkv.data();
  const double product = 2.0 * double(n * tokens * width), size = 4.0 * double(n * width);
  row(m, "attention, 64 x 16 tokens, width 256", 2 * product, 4 * size,
      timed([&] { lc::kernel::attention(of, in, p.data(), y.data(), scratch.data()); }));
  row(m, "its gradient", 4 * product, 7 * size, timed([&] {
        lc::kernel::attention_grad(of, in, p.data(), dy.data(), d, d + width, d + 2 * width, scratch.data());
      }));
  row(m, "layer norm, 1,024 x 256", 7.0 * double(n * width), 2 * size,
      timed([&] { lc::kernel::layer_norm<float>(window(dy), view(y), rstd.data(), 1e-6f); }));
}

void optimizer(const Machine& m, lc::Rng& rng) {
  const Index n = 5'120'000;
  std::vector<float> g(lc::to_size(n)), x(lc::to_size(n)), first(lc::to_size(n)), second(lc::to_size(n));
  for (float& v : g) v = rng.uniform() - 0.5f;
  const lc::kernel::AdamWStep<float> step{.rate = 1e-3f,
                                          .keep = 1.0f,
                                          .beta1 = 0.9f,
                                          .beta2 = 0.999f,
                                          .epsilon = 1e-8f,
                                          .correct1 = 1.0f,
                                          .correct2 = 1.0f,
                                          .gradient_scale = 1.0f};
  row(m, "AdamW, 5.12 million weights", 12.0 * double(n), 28.0 * double(n),
      timed([&] { lc::kernel::adamw<float>(n, step, g.data(), x.data(), first.data(), second.data(), nullptr); }));
  row(m, "norm of their gradient", 2.0 * double(n), 4.0 * double(n),
      timed([&] { (void)lc::kernel::squared_norm(n, g.data()); }));
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 2;
  std::string isa = "avx512";
  CLI::App app("What bounds each hot kernel on this machine, and how much of the bound it reaches.");
  app.add_option("--threads", threads)->check(CLI::PositiveNumber);
  app.add_option("--isa", isa)->check(CLI::IsMember({"portable", "avx2", "avx512"}));
  CLI11_PARSE(app, argc, argv);
  lc::set_threads(threads);
  lc::kernel::limit_isa(isa == "portable" ? lc::kernel::Isa::portable
                        : isa == "avx2"   ? lc::kernel::Isa::avx2
                                          : lc::kernel::Isa::avx512);
  const Machine m = measure();
  std::printf("%d threads, %s: %.0f GFLOP/s, %.0f GB/s\n\n", threads, isa.c_str(), m.flops / 1e9, m.bytes / 1e9);
  std::puts("| kernel | MFLOP | MB | FLOP a byte | bound | bound, ms | measured, ms | share |");
  std::puts("|---|---|---|---|---|---|---|---|");
  lc::Rng rng(1);
  products(m, rng);
  count_layers(m, rng);
  transformer(m, rng);
  optimizer(m, rng);
  std::puts("\n| memory gone through over and over, MB | GB/s |\n|---|---|");
  for (Index megabytes : {1, 2, 4, 16, 32, 64, 96, 128, 192, 256, 512}) {
    std::printf("| %ld | %.1f |\n", long(megabytes), stream_rate(megabytes) / 1e9);
  }
  return 0;
}
