#include <latentcell/mapping/label_parts.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// `n` points of labels 0 and 2 of 3, four deviations apart in the first of two coordinates.
std::pair<Matrix<float>, std::vector<int>> two_of_three(Index n) {
  Rng rng(1);
  std::pair<Matrix<float>, std::vector<int>> out{Matrix<float>(n, 2), {}};
  for (Index i = 0; i < n; ++i) {
    out.second.push_back(i % 2 == 0 ? 0 : 2);
    out.first(i, 0) = float(rng.normal() + (i % 2 == 0 ? 0.0 : 4.0));
    out.first(i, 1) = float(rng.normal());
  }
  return out;
}

}  // namespace

TEST_CASE("neighbor_labels: shares of the nearest; of few points all but one vote") {
  const auto [at, codes] = two_of_three(200);
  Matrix<float> x(2, 2);
  x << -1, 0, 5, 0;
  const Matrix<double> p = mapping::neighbor_labels({at, codes, 3}, x, 15);
  CHECK(p(0, 0) > 0.9);
  CHECK(p(1, 2) > 0.9);
  CHECK(p(0, 1) == 0);
  CHECK(p.row(0).sum() == Approx(1));
  const std::vector<int> of_three(codes.begin(), codes.begin() + 3);
  const Matrix<float> three = at.topRows(3);
  CHECK(mapping::neighbor_labels({three, of_three, 3}, x, 15)(1, 2) == Approx(0.5));
}

TEST_CASE("fit_logistic_labels: finds labels that lie apart, never one without cells") {
  const auto [at, codes] = two_of_three(400);
  const Matrix<float> scores = mapping::fit_logistic_labels({at, codes, 3});
  REQUIRE(scores.rows() == 3);
  const Matrix<double> p = mapping::logistic_labels(scores, at);
  double right = 0;
  for (Index i = 0; i < 400; ++i) {
    CHECK(p(i, 1) == 0);
    CHECK(p.row(i).sum() == Approx(1));
    right += p(i, codes[to_size(i)]) > 0.5;
  }
  CHECK(right / 400 > 0.95);
  const std::vector<int> same(400, 1);
  CHECK(mapping::logistic_labels(mapping::fit_logistic_labels({at, same, 3}), at).col(1).minCoeff() == 1);
  CHECK_THROWS_WITH(mapping::logistic_labels(scores, at.leftCols(1)), ContainsText("2 coordinates for points of 1"));
}

TEST_CASE("hold_out_labels: whole levels of the batch covariate where there are two, else cells") {
  std::vector<int> codes, levels;
  for (int i = 0; i < 70; ++i) codes.push_back(i % 3), levels.push_back(i % 7);
  const mapping::LabelHoldouts by_level = mapping::hold_out_labels(codes, levels, 0);
  CHECK(by_level.count == 5);
  REQUIRE(by_level.of_level.size() == 7);
  for (std::size_t i = 0; i < 70; ++i) CHECK(by_level.of_cell[i] == by_level.of_level[std::size_t(levels[i])]);
  for (const std::vector<int>& none : {std::vector<int>{}, std::vector<int>(70, 1)}) {
    const mapping::LabelHoldouts by_cell = mapping::hold_out_labels(codes, none, 0);
    CHECK(by_cell.of_level.empty());
    CHECK(by_cell.count == 5);
    for (Index f = 0; f < 5; ++f) CHECK(std::count(by_cell.of_cell.begin(), by_cell.of_cell.end(), f) == 14);
  }
}

TEST_CASE("hold_out_labels: where a level's others have one label, cells are held out") {
  const mapping::LabelHoldouts h = mapping::hold_out_labels({0, 0, 0, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, 0);
  CHECK(h.of_level.empty());
  CHECK(h.count == 5);
  CHECK_THROWS_WITH(mapping::hold_out_labels({0, 1}, {0}, 0), ContainsText("1 levels of the batch covariate"));
  CHECK_THROWS_WITH(mapping::hold_out_labels({0, 1, 1}, {-1, 0, 1}, 0), ContainsText("has no level"));
}
