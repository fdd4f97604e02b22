#include <latentcell/metric/moments.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("gene_moments: equal numpy") {
  const Reference reference("metric");
  const metric::GeneMoments m = metric::gene_moments(reference.counts("counts_a"));
  const std::vector<double> mean = reference.vector("gene_mean"), variance = reference.vector("gene_variance"),
                            zeros = reference.vector("gene_zeros");
  REQUIRE(m.mean.size() == mean.size());
  for (std::size_t g = 0; g < mean.size(); ++g) {
    CHECK(m.mean[g] == Approx(mean[g]).margin(1e-12));
    CHECK(m.variance[g] == Approx(variance[g]).margin(1e-12));
    CHECK(m.zeros[g] == Approx(zeros[g]).margin(1e-12));
  }
}

TEST_CASE("gene_moments: a stored zero is a zero") {
  Counts x(2);
  x.push(0, 0);
  x.push(1, 4);
  x.end_row();
  x.end_row();
  const metric::GeneMoments m = metric::gene_moments(x);
  CHECK(m.zeros == std::vector<double>{1.0, 0.5});
  CHECK(m.variance[0] == 0.0);
  CHECK(m.variance[1] == Approx(8.0));
}

TEST_CASE("compare_moments: equals SciPy; a set agrees with itself") {
  const Reference reference("metric");
  const Counts a = reference.counts("counts_a"), b = reference.counts("counts_b");
  const metric::MomentAgreement m = metric::compare_moments(a, b);
  CHECK(m.mean_correlation == Approx(reference.number("mean_correlation")));
  CHECK(m.variance_correlation == Approx(reference.number("variance_correlation")));
  CHECK(m.zero_difference == Approx(reference.number("zero_difference")));
  const metric::MomentAgreement same = metric::compare_moments(a, a);
  CHECK(same.mean_correlation == Approx(1.0));
  CHECK(same.variance_correlation == Approx(1.0));
  CHECK(same.zero_difference == 0.0);
}

TEST_CASE("moments: refuse one cell and other genes") {
  Counts x(3), y(4);
  x.end_row();
  CHECK_THROWS_WITH(metric::gene_moments(x), ContainsText("at least two cells, got 1"));
  CHECK_THROWS_WITH(metric::compare_moments(x, y), ContainsText("3 genes and 4 genes"));
}
