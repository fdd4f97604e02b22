#include <latentcell/metric/gene_correlation.hpp>

#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("gene_correlation: equals numpy's corrcoef above the diagonal") {
  const Reference reference("metric");
  const std::vector<Index> genes{0, 2, 3, 5, 7, 8, 11};
  CHECK(metric::gene_correlation(reference.counts("counts_a"), reference.counts("counts_b"), genes) ==
        Approx(reference.number("gene_correlation")).epsilon(1e-10));
}

TEST_CASE("correlation_matrix: ones on the diagonal, symmetric, -1 for opposites, 0 for a constant") {
  Matrix<float> x(6, 4);
  for (Index i = 0; i < 6; ++i) x.row(i) << float(i), float(10 - i), 0.1f, float(i % 2);
  const Matrix<double> r = metric::correlation_matrix(view(x));
  CHECK(r(0, 0) == Approx(1.0));
  CHECK(r(0, 1) == Approx(-1.0));
  CHECK(r(0, 3) == r(3, 0));
  for (Index g = 0; g < 4; ++g) CHECK(r(2, g) == 0.0);
}

TEST_CASE("gene_correlation: 1 with itself; 1 and 3 threads give the same") {
  const Reference reference("metric");
  const Counts a = reference.counts("counts_a"), b = reference.counts("counts_b");
  const std::vector<Index> genes{0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11};
  CHECK(metric::gene_correlation(a, a, genes) == Approx(1.0));
  const int before = threads();
  set_threads(1);
  const double one = metric::gene_correlation(a, b, genes);
  set_threads(3);
  CHECK(metric::gene_correlation(a, b, genes) == one);
  set_threads(before);
}

TEST_CASE("gene_correlation: refuses fewer than three genes") {
  const Counts a = Reference("metric").counts("counts_a");
  const std::vector<Index> genes{0, 1};
  CHECK_THROWS_WITH(metric::gene_correlation(a, a, genes), ContainsText("at least 3 genes, got 2"));
}
