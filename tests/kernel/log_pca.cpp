#include <latentcell/kernel/log_pca.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Two kinds of cells that differ in the first half of the genes, at any depth.
Counts two_kinds(Index cells, Index genes, Rng& rng) {
  Counts out(genes);
  for (Index i = 0; i < cells; ++i) {
    const double depth = 1 + double(rng.below(20));
    for (Index g = 0; g < genes; ++g) {
      const double mean = (g < genes / 2) == (i % 2 == 0) ? 4.0 : 1.0;
      const float count = float(std::round(depth * mean * (0.7 + 0.6 * rng.uniform_double())));
      if (count > 0) out.push(std::int32_t(g), count);
    }
    out.end_row();
  }
  return out;
}

}  // namespace

TEST_CASE("LogPca: the first component tells kinds of cells apart, whatever their depth") {
  Rng rng(1);
  const Counts counts = two_kinds(60, 20, rng);
  const kernel::LogPca pca = kernel::LogPca::fit(counts.view(), 3, rng);
  const Matrix<float> x = pca.project(counts.view());
  REQUIRE(x.cols() == 3);
  for (Index i = 2; i < 60; ++i) CHECK((x(i, 0) > 0) == (x(i % 2, 0) > 0));
}

TEST_CASE("LogPca: new cells are logged as those it was fitted to") {
  Rng rng(2), same(2);
  const Counts counts = two_kinds(40, 12, rng);
  (void)two_kinds(40, 12, same);
  const Counts logged = kernel::log_normalize(counts.view());
  const kernel::LogPca a = kernel::LogPca::fit(counts.view(), 4, rng);
  const kernel::LogPca b = kernel::LogPca::fit_logged(logged.view(), 4, same);
  CHECK(a.project(counts.view()) == b.project_logged(logged.view()));
  // Ten times the counts are the same cell.
  Counts deeper(12);
  const CountsView from = counts.view();
  for (Index i = 0; i < from.rows; ++i) {
    for (std::size_t k = 0; k < from.row_columns(i).size(); ++k)
      deeper.push(from.row_columns(i)[k], 10 * from.row_values(i)[k]);
    deeper.end_row();
  }
  CHECK((a.project(deeper.view()) - a.project(counts.view())).cwiseAbs().maxCoeff() < 1e-4f);
}

TEST_CASE("LogPca: as many components as cells and genes allow") {
  Rng rng(3);
  CHECK(kernel::LogPca::fit(two_kinds(5, 20, rng).view(), 30, rng).components() == 4);
  CHECK(kernel::LogPca::fit(two_kinds(40, 6, rng).view(), 30, rng).components() == 6);
  CHECK(kernel::LogPca::fit(two_kinds(40, 6, rng).view(), 2, rng).components() == 2);
}
