#include <latentcell/metric/roc_auc.hpp>

#include <limits>

#include "support/catch.hpp"
#include "support/reference.hpp"

using latentcell::metric::roc_auc;

TEST_CASE("roc_auc: equals scikit-learn with ties") {
  const Reference reference("metric");
  CHECK(roc_auc(reference.vector("negatives"), reference.vector("positives")) == Approx(reference.number("roc_auc")));
}

TEST_CASE("roc_auc: 1 apart, 0 the wrong way, one half for equal scores") {
  const std::vector<double> low{1, 2}, high{3, 4, 5}, same{1, 1, 1};
  CHECK(roc_auc(low, high) == 1.0);
  CHECK(roc_auc(high, low) == 0.0);
  CHECK(roc_auc(same, same) == 0.5);
}

TEST_CASE("roc_auc: refuses an empty side and NaN") {
  const std::vector<double> none, some{1}, bad{std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_WITH(roc_auc(none, some), ContainsText("0 negatives and 1 positives"));
  CHECK_THROWS_WITH(roc_auc(some, bad), ContainsText("not a number"));
}
