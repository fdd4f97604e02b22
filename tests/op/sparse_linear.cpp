#include <latentcell/core/threads.hpp>
#include <latentcell/op/linear.hpp>
#include <latentcell/op/sparse_linear.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

namespace {

Counts made_counts(Index cells, Index genes) {
  Rng rng(8);
  Counts out(genes);
  for (Index b = 0; b < cells; ++b) {
    for (Index g = 0; g < genes; ++g) {
      if (b != 2 && rng.below(4) == 0) out.push(std::int32_t(g), float(1 + rng.below(9)));  // cell 2 has none
    }
    out.end_row();
  }
  return out;
}

}  // namespace

TEST_CASE("sparse_linear: the dense product of log1p(x / size_factor)") {
  const Counts counts = made_counts(7, 30);
  const std::vector<float> factor{1, 0.5f, 1, 2, 0.25f, 1, 3};
  const Matrix<double> w = support::made_matrix(30, 4, 1), bias = support::made_matrix(1, 4, 2);
  Matrix<double> dense = Matrix<double>::Zero(7, 30);
  for (Index b = 0; b < 7; ++b) {
    for (std::size_t k = 0; k < counts.view().row_values(b).size(); ++k) {
      dense(b, counts.view().row_columns(b)[k]) =
          std::log1p(double(counts.view().row_values(b)[k]) / double(factor[std::size_t(b)]));
    }
  }
  Matrix<double> expected = bias.row(0).replicate(7, 1);
  kernel::gemm_nn<double>(window(dense), window(w), view(expected));
  Tape<double> tape;
  const Var<double> y = sparse_linear<double>(counts, factor, tape.input(window(w)), tape.input(window(bias)));
  CHECK((y.value() - expected).cwiseAbs().maxCoeff() < 1e-12);

  // A window on the middle of a matrix reads its own rows.
  const Var<double> part = sparse_linear<double>(counts.view().middle(3, 2), std::span(factor).subspan(3, 2),
                                                 tape.input(window(w)), tape.input(window(bias)));
  CHECK(part.value() == y.value().middleRows(3, 2));
}

TEST_CASE("sparse_linear: many cells, odd widths, every instruction set: values and gradients of the dense product") {
  const Index cells = 150, genes = 61;  // more cells than are turned around at once
  const Counts counts = made_counts(cells, genes);
  std::vector<float> factor(std::size_t(cells), 1.0f);
  for (std::size_t b = 0; b < factor.size(); ++b) factor[b] += 0.01f * float(b);
  Matrix<float> dense = Matrix<float>::Zero(cells, genes);
  for (Index b = 0; b < cells; ++b) {
    for (std::size_t k = 0; k < counts.view().row_values(b).size(); ++k) {
      dense(b, counts.view().row_columns(b)[k]) = std::log1p(counts.view().row_values(b)[k] / factor[std::size_t(b)]);
    }
  }
  for (Index width : {1, 21, 83}) {
    const Matrix<float> w = support::made_matrix<float>(genes, width, 1),
                        bias = support::made_matrix<float>(1, width, 2),
                        seed = support::made_matrix<float>(cells, width, 3);
    Matrix<float> expected = bias.row(0).replicate(cells, 1), gradient = Matrix<float>::Zero(genes, width);
    kernel::gemm_nn<float>(window(dense), window(w), view(expected));
    kernel::gemm_tn<float>(window(dense), window(seed), view(gradient));
    for (kernel::Isa isa : {kernel::Isa::portable, kernel::Isa::avx2, kernel::Isa::avx512}) {
      kernel::limit_isa(isa);
      Tape<float> tape;
      const Var<float> weight = tape.input(window(w)), b = tape.input(window(bias));
      const Var<float> y = sparse_linear<float>(counts, factor, weight, b);
      tape.backward(y, window(seed));
      kernel::limit_isa(kernel::Isa::avx512);
      CHECK((y.value() - expected).cwiseAbs().maxCoeff() < 1e-4f);
      CHECK((weight.upstream() - gradient).cwiseAbs().maxCoeff() < 1e-4f);
      CHECK((b.upstream() - seed.colwise().sum()).cwiseAbs().maxCoeff() < 1e-4f);
    }
  }
}

TEST_CASE("sparse_linear: one and two threads give the same bits") {
  const Counts counts = made_counts(64, 100);
  const std::vector<float> factor(64, 1.5f);
  const Matrix<float> w = support::made_matrix<float>(100, 64, 1), bias = support::made_matrix<float>(1, 64, 2),
                      seed = support::made_matrix<float>(64, 64, 3);
  const int before = threads();
  std::vector<Matrix<float>> value, gradient;
  for (const int n : {1, 2}) {
    set_threads(n);
    Tape<float> tape;
    const Var<float> weight = tape.input(window(w));
    const Var<float> y = sparse_linear<float>(counts, factor, weight, tape.input(window(bias)));
    tape.backward(y, window(seed));
    value.emplace_back(y.value());
    gradient.emplace_back(weight.upstream());
  }
  set_threads(before);
  CHECK(value[0] == value[1]);
  CHECK(gradient[0] == gradient[1]);
}

TEST_CASE("sparse_linear: shapes that do not fit are named") {
  const Counts counts = made_counts(3, 30);
  const std::vector<float> factor(3, 1.0f), few(2, 1.0f);
  const Matrix<float> w = Matrix<float>::Zero(30, 4), wrong = Matrix<float>::Zero(29, 4),
                      bias = Matrix<float>::Zero(1, 4);
  Tape<float> tape;
  const Var<float> b = tape.input(window(bias));
  REQUIRE_THROWS_WITH(sparse_linear<float>(counts, factor, tape.input(window(wrong)), b),
                      ContainsText("counts of 30 genes but weight (29, 4) takes 29"));
  REQUIRE_THROWS_WITH(sparse_linear<float>(counts, few, tape.input(window(w)), b),
                      ContainsText("2 size factors for 3 cells"));
  REQUIRE_THROWS_WITH(sparse_linear<float>(counts, factor, tape.input(window(w)), tape.input(window(w))),
                      ContainsText("bias (30, 4) does not fit"));
}
