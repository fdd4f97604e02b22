#include <latentcell/metric/gene_set_scores.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Twenty genes of equal mean; the second half of the cells has twice as much of genes 0 to 2.
Counts cells(Index n) {
  Counts x(20);
  for (Index i = 0; i < n; ++i) {
    for (std::int32_t g = 0; g < 20; ++g) x.push(g, g < 3 ? (i < n / 2 ? 0.5f : 1.5f) : 1.0f);
    x.end_row();
  }
  return x;
}

}  // namespace

TEST_CASE("GeneSetScores: mean over the set less mean over controls") {
  Rng rng(1);
  const Counts x = cells(10);
  const metric::GeneSetScores scores(x.view(), {{0, 1, 2}, {5}}, {.bins = 1, .controls = 100}, rng);
  const Matrix<float> s = scores.of(x.view());
  REQUIRE(s.rows() == 10);
  REQUIRE(s.cols() == 2);
  CHECK(s(0, 0) == Approx(0.5 - 1));
  CHECK(s(9, 0) == Approx(1.5 - 1));
  // The one gene's controls are all others: seventeen of 1, three of 0.5.
  const double controls = (16 * 1.0 + 3 * 0.5) / 19;
  CHECK(s(0, 1) == Approx(1 - (controls * 19 + 0) / 19));
}

TEST_CASE("GeneSetScores: controls are of like expression") {
  // Ten rare and ten common genes: a common gene is compared with common ones alone.
  Counts x(20);
  for (Index i = 0; i < 6; ++i) {
    for (std::int32_t g = 0; g < 20; ++g) x.push(g, g < 10 ? 0.1f : 4.0f);
    x.end_row();
  }
  Rng rng(2);
  const metric::GeneSetScores scores(x.view(), {{15}}, {.bins = 2, .controls = 50}, rng);
  CHECK(scores.of(x.view())(0, 0) == Approx(0).margin(1e-6));
}

TEST_CASE("GeneSetScores: empty sets, unknown genes and other tables are refused") {
  Rng rng(3);
  const Counts x = cells(4);
  const auto make = [&](std::vector<std::vector<Index>> sets) {
    return metric::GeneSetScores(x.view(), std::move(sets), {}, rng);
  };
  CHECK_THROWS_WITH(make({{}}), ContainsText("set 0 has no genes"));
  CHECK_THROWS_WITH(make({{20}}), ContainsText("gene 20 of 20"));
  CHECK_THROWS_WITH(make({{1}}).of(Counts(7).view()), ContainsText("made for 20 genes, given 7"));
}
