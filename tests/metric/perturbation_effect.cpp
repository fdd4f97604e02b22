#include <latentcell/metric/perturbation_effect.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using metric::GeneMoments;

namespace {

// 40 genes; the first ten change by 10, 9, ..., 1.
GeneMoments control() {
  GeneMoments m;
  for (int g = 0; g < 40; ++g) m.mean.push_back(0.1 * g), m.variance.push_back(0.5), m.zeros.push_back(0);
  return m;
}
GeneMoments changed() {
  GeneMoments m = control();
  for (std::size_t g = 0; g < 10; ++g) m.mean[g] += 10 - double(g), m.variance[g] = 1 + 0.1 * double(g);
  return m;
}

}  // namespace

TEST_CASE("perturbation_effect: the truth itself is perfect") {
  const auto e = metric::perturbation_effect(control(), 100, changed(), 100, changed());
  CHECK(e.r == Approx(1));
  CHECK(e.r_top20 == Approx(1));
  CHECK(e.r2_mean_top10 == Approx(1));
  CHECK(e.r2_variance_changed == Approx(1));
  CHECK(e.sign == Approx(1));
  CHECK(e.spread == Approx(1));
  CHECK(e.changed == 10);
}

TEST_CASE("perturbation_effect: no change has no correlation and no right sign; half the change keeps r, not R2") {
  const auto none = metric::perturbation_effect(control(), 100, changed(), 100, control());
  CHECK(none.r == 0);
  CHECK(none.sign == 0);
  GeneMoments half = changed();
  for (std::size_t g = 0; g < 10; ++g) half.mean[g] -= (10 - double(g)) / 2;
  const auto e = metric::perturbation_effect(control(), 100, changed(), 100, half);
  CHECK(e.r == Approx(1));
  // Over the ten changed genes, means are 10 - 0.9 g: residual sum of (10 - g)^2 / 4, total 0.81 * 82.5.
  CHECK(e.r2_mean_top10 == Approx(1 - 385.0 / 4 / (0.81 * 82.5)));
  CHECK(e.sign == Approx(1));
}

TEST_CASE("perturbation_effect: a change within its error is none") {
  GeneMoments noisy = control();
  for (std::size_t g = 0; g < 40; ++g) noisy.mean[g] += g % 2 == 0 ? 0.1 : -0.1;
  CHECK(metric::perturbation_effect(control(), 20, noisy, 20, control()).changed == 0);
  CHECK(metric::perturbation_effect(control(), 20000, noisy, 20000, control()).changed == 40);
}

TEST_CASE("perturbation_effect: tables of other genes are refused") {
  GeneMoments fewer = control();
  fewer.mean.pop_back();
  CHECK_THROWS_WITH(metric::perturbation_effect(control(), 9, fewer, 9, control()), Catch::Contains("39 in true"));
}
