#include <latentcell/metric/gene_wasserstein.hpp>

#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("gene_wasserstein: equals SciPy's wasserstein_distance gene by gene") {
  const Reference reference("metric");
  const std::vector<double> found =
      metric::gene_wasserstein(reference.counts("counts_a"), reference.counts("counts_b"));
  const std::vector<double> expected = reference.vector("gene_wasserstein");
  REQUIRE(found.size() == expected.size());
  for (std::size_t g = 0; g < found.size(); ++g) CHECK(found[g] == Approx(expected[g]).margin(1e-12));
}

TEST_CASE("gene_wasserstein: zero to itself, symmetric, and a shift costs its length") {
  const Reference reference("metric");
  const Counts a = reference.counts("counts_a"), b = reference.counts("counts_b");
  for (double w : metric::gene_wasserstein(a, a)) CHECK(w == 0.0);
  const std::vector<double> ab = metric::gene_wasserstein(a, b), ba = metric::gene_wasserstein(b, a);
  for (std::size_t g = 0; g < ab.size(); ++g) CHECK(ab[g] == Approx(ba[g]).margin(1e-12));

  Counts low(1), high(1);
  for (float v : {-2.0f, 1.0f, 3.0f}) {
    low.push(0, v);
    low.end_row();
    high.push(0, v + 2.0f);  // one of them a stored zero
    high.end_row();
  }
  CHECK(metric::gene_wasserstein(low, high)[0] == Approx(2.0));
}

TEST_CASE("gene_wasserstein: 1 and 3 threads give the same") {
  const Reference reference("metric");
  const Counts a = reference.counts("counts_a"), b = reference.counts("counts_b");
  const int before = threads();
  set_threads(1);
  const std::vector<double> one = metric::gene_wasserstein(a, b);
  set_threads(3);
  CHECK(metric::gene_wasserstein(a, b) == one);
  set_threads(before);
}

TEST_CASE("gene_wasserstein: refuses other genes and no cells") {
  Counts a(2), b(3), c(2);
  a.end_row();
  b.end_row();
  CHECK_THROWS_WITH(metric::gene_wasserstein(a, b), ContainsText("2 genes and 3 genes"));
  CHECK_THROWS_WITH(metric::gene_wasserstein(a, c), ContainsText("needs cells, got 1 and 0"));
}
