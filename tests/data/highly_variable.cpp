#include <cmath>

#include <latentcell/data/highly_variable.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using data_tests::made_counts;

namespace {

std::vector<int> three_levels(Index cells) {
  std::vector<int> out;
  for (Index b = 0; b < cells; ++b) out.push_back(int(b % 3));
  return out;
}

// Share of the reference's genes that were picked.
double overlap(const std::vector<Index>& picked, const std::vector<double>& expected) {
  double both = 0;
  for (double g : expected) both += std::binary_search(picked.begin(), picked.end(), Index(g)) ? 1 : 0;
  return both / double(expected.size());
}

}  // namespace

TEST_CASE("highly_variable: scores and genes of scanpy, with and without a batch covariate") {
  const Counts m = made_counts(240, 1500);
  for (const std::string name : {"one", "three"}) {
    HighlyVariableOptions options{.genes = 400};
    if (name == "three") options.batch_covariate = three_levels(240);
    const HighlyVariable found = highly_variable(m, options);
    const std::vector<double> score = Reference("data").vector("score_" + name);
    for (std::size_t i = 0; i < score.size(); ++i) CHECK(found.score[25 * i] == Approx(score[i]).margin(1e-7));
    const std::vector<double> picked = Reference("data").vector("picked_" + name);
    CHECK(found.genes.size() == picked.size());
    CHECK(overlap(found.genes, picked) >= 0.99);  // genes of one score may change places
  }
}

TEST_CASE("highly_variable: median places of scanpy") {
  const HighlyVariable found =
      highly_variable(made_counts(240, 1500), {.genes = 400, .batch_covariate = three_levels(240)});
  const std::vector<double> picked = Reference("data").vector("picked_three");
  const std::vector<double> rank = Reference("data").vector("rank_three");
  for (std::size_t i = 0; i < rank.size(); ++i) CHECK(found.rank[std::size_t(picked[10 * i])] == Approx(rank[i]));
}

TEST_CASE("highly_variable: mean and variance of each gene") {
  const Counts m(3, {0, 2, 3, 5}, {0, 2, 2, 0, 2}, {1, 4, 4, 5, 4});
  const HighlyVariable found = highly_variable(m, {.genes = 1});
  CHECK(found.mean == std::vector<double>{2, 0, 4});
  CHECK(found.variance[0] == Approx(7));
  CHECK(found.variance[1] == 0);
  CHECK(found.variance[2] == 0);
  CHECK(found.genes == std::vector<Index>{0});
}

TEST_CASE("highly_variable: one level for all cells changes nothing") {
  const Counts m = made_counts(60, 300);
  const HighlyVariable plain = highly_variable(m, {.genes = 50});
  const HighlyVariable one = highly_variable(m, {.genes = 50, .batch_covariate = std::vector<int>(60, 4)});
  CHECK(plain.genes == one.genes);
  CHECK(plain.score == one.score);
}

TEST_CASE("highly_variable: a level of one cell is left out") {
  const Counts m = made_counts(61, 300);
  std::vector<Index> rows(60);
  std::iota(rows.begin(), rows.end(), Index(0));
  std::vector<int> batch_covariate(61, 0);
  batch_covariate[60] = -1;
  CHECK(highly_variable(m, {.genes = 50, .batch_covariate = batch_covariate}).genes ==
        highly_variable(select_rows(m, rows), {.genes = 50}).genes);
}

TEST_CASE("highly_variable: more genes than there are picks all") {
  const HighlyVariable found = highly_variable(made_counts(20, 30), {.genes = 2000});
  REQUIRE(found.genes.size() == 30);
  CHECK(found.genes.front() == 0);
  CHECK(found.genes.back() == 29);
}

TEST_CASE("highly_variable: bad input is named") {
  const Counts m = made_counts(6, 5);
  REQUIRE_THROWS_WITH(highly_variable(m, {.genes = 0}), ContainsText("genes must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(highly_variable(m, {.batch_covariate = {1, 2}}),
                      ContainsText("2 codes of the batch covariate for 6 cells"));
  REQUIRE_THROWS_WITH(highly_variable(m, {.batch_covariate = {1, 2, 3, 4, 5, 6}}),
                      ContainsText("every level of the batch covariate has a single cell"));
  const Counts negative(1, {0, 1, 2}, {0, 0}, {-1, 2});
  REQUIRE_THROWS_WITH(highly_variable(negative), ContainsText("needs counts, but cell 0 has -1 of gene 0"));
}
