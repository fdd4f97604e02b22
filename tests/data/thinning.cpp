#include <cmath>
#include <map>

#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/thinning.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

double log_choose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

Counts small_counts() {
  Counts counts(6);
  Rng rng(3);
  for (int b = 0; b < 40; ++b) {
    for (std::int32_t g = 0; g < 6; ++g) {
      if (const float x = float(rng.below(9)); x > 0 && b != 7) counts.push(g, x);
    }
    counts.end_row();
  }
  return counts;
}

Matrix<float> dense(const CountsView& x) {
  Matrix<float> m = Matrix<float>::Zero(x.rows, x.cols);
  for (Index b = 0; b < x.rows; ++b) {
    for (std::size_t k = 0; k < x.row_columns(b).size(); ++k) m(b, x.row_columns(b)[k]) = x.row_values(b)[k];
  }
  return m;
}

}  // namespace

TEST_CASE("Thinning: draws are binomial") {
  for (double share : {0.1, 0.5, 0.7}) {
    const Thinning thinning(share);
    for (Index n : {1, 5, 16, 37}) {
      Rng rng(11);
      const int draws = 40000;
      std::map<Index, int> seen;
      for (int i = 0; i < draws; ++i) ++seen[thinning.draw(n, rng)];
      // Pearson's statistic over outcomes expected at least five times; 5 deviations above its mean is not chance.
      double chi2 = 0;
      int cells = 0;
      for (Index k = 0; k <= n; ++k) {
        const double expected = draws * std::exp(log_choose(double(n), double(k)) + double(k) * std::log(share) +
                                                 double(n - k) * std::log1p(-share));
        if (expected < 5) continue;
        chi2 += (seen[k] - expected) * (seen[k] - expected) / expected;
        ++cells;
      }
      INFO("share " << share << ", n " << n);
      CHECK(chi2 < cells + 5 * std::sqrt(2.0 * cells));
    }
  }
  Rng rng(1);
  CHECK(Thinning(0.5).draw(0, rng) == 0);
  REQUIRE_THROWS_WITH(Thinning(1.0), ContainsText("must lie in (0, 1), got 1"));
}

TEST_CASE("CellBatches: the two parts of a split cell add up to it, and differ from epoch to epoch") {
  const Counts counts = small_counts();
  CellBatches source(counts, {.batch = 16, .count_thinning = 0.6f});
  const Matrix<float> whole = dense(counts);
  Matrix<float> first;
  double shown = 0, all = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    Rng rng = Rng(5).at(std::uint64_t(epoch));
    source.begin_epoch(rng);
    CellBatch batch;
    Matrix<float> now = Matrix<float>::Zero(whole.rows(), whole.cols());
    while (source.next(batch)) {
      const Matrix<float> input = dense(batch.input), target = dense(batch.counts);
      for (Index b = 0; b < batch.size(); ++b) {
        const Index cell = batch.cell[std::size_t(b)];
        CHECK(input.row(b) + target.row(b) == whole.row(cell));
        CHECK(batch.input_library[std::size_t(b)] == std::max(1.0f, input.row(b).sum()));
        CHECK(batch.library[std::size_t(b)] == std::max(1.0f, target.row(b).sum()));
        now.row(cell) = input.row(b);
      }
      shown += double(input.sum());
      all += double(input.sum() + target.sum());
    }
    if (epoch == 0) first = now;
    if (epoch == 1) CHECK(first != now);
  }
  CHECK(shown / all == Approx(0.6).margin(0.04));
}

TEST_CASE("CellBatches: a split is the same after skip_to, and an ordered pass splits nothing") {
  const Counts counts = small_counts();
  const auto last_batch = [&](bool skip) {
    CellBatches source(counts, {.batch = 16, .count_thinning = 0.6f});
    Rng rng(8);
    source.begin_epoch(rng);
    CellBatch batch;
    if (skip) {
      source.skip_to(32);
    } else {
      source.next(batch);
      source.next(batch);
    }
    source.next(batch);
    return dense(batch.input);
  };
  CHECK(last_batch(false) == last_batch(true));
  CellBatches source(counts, {.batch = 64, .count_thinning = 0.6f});
  CellBatch batch;
  source.next(batch);
  CHECK(batch.input.rows == 0);
  CHECK(dense(batch.counts) == dense(counts));
  CHECK(dense(batch.shown()) == dense(counts));
  REQUIRE_THROWS_WITH(CellBatches(counts, {.count_thinning = 0.0f}),
                      ContainsText("count_thinning must be in (0, 1], got 0"));
}
