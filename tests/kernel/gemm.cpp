#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/gemm.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

namespace {

struct Sizes {
  Index rows, cols, depth;
};
// Around every cut: tiles, panels, packed blocks, deep sums, and nothing at all.
const std::vector<Sizes> sizes{{1, 1, 1},     {7, 5, 3},      {8, 32, 16},   {13, 37, 50}, {97, 33, 257}, {3, 520, 40},
                               {200, 31, 64}, {48, 64, 1030}, {130, 700, 9}, {0, 4, 4},    {4, 0, 4},     {4, 4, 0}};

template <class T>
double worst_error(const Sizes& s, int kind) {
  const Matrix<T> a = support::made_matrix<T>(s.rows, s.depth, 1), b = support::made_matrix<T>(s.depth, s.cols, 2);
  const Matrix<T> at = a.transpose(), bt = b.transpose();
  Matrix<T> c = support::made_matrix<T>(s.rows, s.cols, 3);
  const Matrix<double> expected = c.template cast<double>() + a.template cast<double>() * b.template cast<double>();
  if (kind == 0) kernel::gemm_nn<T>(window(a), window(b), view(c));
  if (kind == 1) kernel::gemm_nt<T>(window(a), window(bt), view(c));
  if (kind == 2) kernel::gemm_tn<T>(window(at), window(b), view(c));
  return c.size() == 0 ? 0.0 : (c.template cast<double>() - expected).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("gemm: all three products add to C, at every size, with every instruction set") {
  for (kernel::Isa isa : {kernel::Isa::portable, kernel::Isa::avx2, kernel::Isa::avx512}) {
    kernel::limit_isa(isa);
    for (const Sizes& s : sizes) {
      for (int kind : {0, 1, 2}) {
        INFO("isa " << int(isa) << ", product " << kind << ", " << s.rows << " x " << s.cols << " over " << s.depth);
        CHECK(worst_error<float>(s, kind) < 1e-6 * double(s.depth + 1));
        CHECK(worst_error<double>(s, kind) < 1e-14 * double(s.depth + 1));
      }
    }
  }
  kernel::limit_isa(kernel::Isa::avx512);
}

TEST_CASE("gemm: one, two and three threads give the same bits") {
  const int before = threads();
  for (const Sizes& s : {Sizes{300, 200, 300}, Sizes{20, 900, 100}}) {
    const Matrix<float> a = support::made_matrix<float>(s.rows, s.depth, 1),
                        b = support::made_matrix<float>(s.depth, s.cols, 2);
    const Matrix<float> at = a.transpose(), bt = b.transpose();
    std::vector<Matrix<float>> results;
    for (int n : {1, 2, 3}) {
      set_threads(n);
      Matrix<float> c = Matrix<float>::Zero(s.rows, s.cols);
      kernel::gemm_nn<float>(window(a), window(b), view(c));
      kernel::gemm_nt<float>(window(a), window(bt), view(c));
      kernel::gemm_tn<float>(window(at), window(b), view(c));
      results.push_back(c);
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0] == results[2]);
  }
  set_threads(before);
}

TEST_CASE("gemm_packed: starts from C, from a number a row, or from zero") {
  const Index rows = 19, cols = 45, depth = 23;
  const Matrix<float> a = support::made_matrix<float>(rows, depth, 1), b = support::made_matrix<float>(depth, cols, 2),
                      start = support::made_matrix<float>(rows, 1, 3);
  std::vector<float> packed(std::size_t(kernel::packed_size(depth, cols)));
  kernel::pack_rows(depth, cols, b.data(), cols, packed.data());
  const auto run = [&](kernel::GemmStart<float> from) {
    Matrix<float> c = Matrix<float>::Constant(rows, cols, 7);
    kernel::gemm_packed<float>(from, rows, cols, depth, {a.data(), depth, 1}, packed.data(), c.data(), cols);
    return c;
  };
  const Matrix<float> product = a * b;
  CHECK((run({}) - (product.array() + 7).matrix()).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK((run({false, nullptr}) - product).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK((run({false, start.data()}) - (product.colwise() + start.col(0))).cwiseAbs().maxCoeff() < 1e-5f);
}

TEST_CASE("gemm: starts of rows and columns, with threads, deep sums and no sum at all") {
  const int before = threads();
  for (int n : {1, 3}) {
    set_threads(n);
    for (const Sizes& s : {Sizes{300, 200, 300}, Sizes{20, 900, 100}, Sizes{5, 7, 0}}) {
      const Matrix<float> a = support::made_matrix<float>(s.rows, s.depth, 1),
                          b = support::made_matrix<float>(s.depth, s.cols, 2);
      const Matrix<float> row = support::made_matrix<float>(s.rows, 1, 3),
                          col = support::made_matrix<float>(1, s.cols, 4);
      Matrix<float> product = Matrix<float>::Zero(s.rows, s.cols), c = Matrix<float>::Constant(s.rows, s.cols, 7);
      kernel::gemm_nn<float>(window(a), window(b), view(product));
      kernel::gemm_nn<float>(window(a), window(b), view(c), {false, row.data(), nullptr});
      CHECK((c - product - row.replicate(1, s.cols)).cwiseAbs().maxCoeff() < 1e-4f);
      kernel::gemm_nn<float>(window(a), window(b), view(c), {false, nullptr, col.data()});
      CHECK((c - product - col.replicate(s.rows, 1)).cwiseAbs().maxCoeff() < 1e-4f);
    }
  }
  set_threads(before);
}
