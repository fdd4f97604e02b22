#include <latentcell/perturbation/response_residual.hpp>

#include <latentcell/core/random_draw.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;
using Moments = GroupMoments;
using Grouping = ResponseResidual::Grouping;

namespace {

// Cells of negative binomial counts, 1 / theta as given.     mean (G) per cell
Counts cells_of(const std::vector<double>& mean, double dispersion, Index cells, std::uint64_t seed) {
  Rng rng(seed);
  Counts out(Index(mean.size()));
  for (Index i = 0; i < cells; ++i) {
    for (std::size_t g = 0; g < mean.size(); ++g) {
      const double x = draw_negative_binomial(mean[g], 1 / dispersion, rng);
      if (x > 0) out.push(std::int32_t(g), float(x));
    }
    out.end_row();
  }
  return out;
}

Moments moments(const Counts& counts) { return {counts.view(), std::vector<int>(to_size(counts.rows()), 0), 1}; }

// The model predicts half of gene 1's mean, and too much variance of gene 2.
struct Pair {
  Moments observed = moments(cells_of({20, 20, 20, 20}, 0.2, 4000, 1));
  Moments predicted = moments(cells_of({20, 10, 20, 20}, 0.2, 4000, 2));
};

const std::vector<float> no_scale(4, 1.0f);

}  // namespace

TEST_CASE("ResponseResidual: recovers the log ratio of the means where one group is all there is") {
  const Pair p;
  ResponseResidual r(4, Grouping::none);
  r.add(p.observed, p.predicted, 0, no_scale.data(), 1);
  // Predicted counts are scaled to the observed total, so the ratio is that of shares: 2 * 70 / 80.
  CHECK(r.mean.mean(1) == Approx(std::log(2 * 70.0 / 80)).margin(0.05));
  CHECK(r.mean.mean(0) == Approx(std::log(70.0 / 80)).margin(0.05));
}

TEST_CASE("ResponseResidual: between groups the ratio is shrunk, and a scale on the prediction enters it") {
  const Pair p;
  ResponseResidual one(4, Grouping::none), shrunk(4, Grouping::by_group), scaled(4, Grouping::none);
  one.add(p.observed, p.predicted, 0, no_scale.data(), 1);
  shrunk.add(p.observed, p.predicted, 0, no_scale.data(), 1);
  CHECK(shrunk.mean.mean(1) == Approx(0.5 * one.mean.mean(1)).margin(0.02));
  const std::vector<float> scale{1, 2, 1, 1};
  scaled.add(p.observed, p.predicted, 0, scale.data(), 1);
  CHECK(std::abs(scaled.mean.mean(1)) < 0.05);
}

TEST_CASE("ResponseResidual: at half the dose a log ratio is half of that at the whole") {
  const Pair p;
  ResponseResidual full(4, Grouping::none), half(4, Grouping::none);
  full.add(p.observed, p.predicted, 0, no_scale.data(), 1);
  half.add(p.observed, p.predicted, 0, no_scale.data(), 0.5);
  CHECK(half.mean.mean(1) == Approx(2 * full.mean.mean(1)).epsilon(0.05));
}

TEST_CASE("ResponseResidual: cells of a group at several doses are one group") {
  const Pair p;
  ResponseResidual once(4, Grouping::by_group), often(4, Grouping::by_group);
  once.add(p.observed, p.predicted, 0, no_scale.data(), 1);
  for (int dose = 0; dose < 8; ++dose) often.add(p.observed, p.predicted, 0, no_scale.data(), 1);
  CHECK(often.mean.mean(1) == Approx(once.mean.mean(1)).margin(0.02));
  CHECK(often.overdispersion.mean(1) == Approx(once.overdispersion.mean(1)).margin(0.05));
}

TEST_CASE("ResponseResidual: recovers the ratio of variances beyond Poisson noise") {
  const std::vector<double> mean(40, 20.0);  // many genes, so that shares of the total vary as the genes do
  const std::vector<float> scale(40, 1.0f);
  const Moments observed = moments(cells_of(mean, 0.1, 2000, 1)), wide = moments(cells_of(mean, 0.4, 2000, 2));
  ResponseResidual r(40, Grouping::none), same(40, Grouping::none);
  r.add(observed, wide, 0, scale.data(), 1);
  same.add(wide, wide, 0, scale.data(), 1);
  double ratio = 0;
  for (Index g = 0; g < 40; ++g) {
    ratio += r.overdispersion.mean(g) / 40;
    CHECK(std::abs(same.overdispersion.mean(g)) < 0.05);
  }
  CHECK(ratio == Approx(std::log(0.1 / 0.4)).margin(0.1));
}

TEST_CASE("ResponseResidual: a group without observed or predicted cells changes nothing") {
  const Pair p;
  const Moments empty = moments(Counts(4));
  ResponseResidual r(4, Grouping::none);
  r.add(empty, p.predicted, 0, no_scale.data(), 1);
  r.add(p.observed, empty, 0, no_scale.data(), 1);
  for (Index g = 0; g < 4; ++g) {
    CHECK(r.mean.mean(g) == 0);
    CHECK(r.overdispersion.mean(g) == 0);
  }
}
