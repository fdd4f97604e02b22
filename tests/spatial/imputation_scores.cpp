#include <latentcell/spatial/imputation_scores.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::imputation_scores;
using spatial::ImputationScores;
using spatial::Locations;

namespace {

Locations one_slice(const Matrix<float>& coordinates) {
  return {coordinates, std::vector<int>(to_size(coordinates.rows()), 0)};
}

}  // namespace

TEST_CASE("imputation_scores: the truth itself, half of it, and a map without relation") {
  const Matrix<float> at = planted::bent_points(50, 4);
  Matrix<float> truth(50, 2);
  truth.col(0) = at.col(0);
  truth.col(1).setConstant(2);  // does not vary: left out
  const ImputationScores same = imputation_scores({truth}, truth, one_slice(at));
  CHECK(same.pearson == Approx(1));
  CHECK(same.ssim == Approx(1));
  CHECK(same.rmse == Approx(0).margin(1e-9));
  CHECK(same.js == Approx(0).margin(1e-9));
  CHECK(same.moran == Approx(0).margin(1e-9));
  CHECK(std::isnan(same.cover50));
  const ImputationScores half = imputation_scores({Matrix<float>(truth * 0.5f)}, truth, one_slice(at));
  CHECK(half.pearson == Approx(1));
  CHECK(half.js == Approx(0).margin(1e-9));
  CHECK(half.ssim < 0.8);
  CHECK(half.rmse > 0.5);
  // The mean everywhere misses by one standard deviation and tells nothing.
  Matrix<float> flat(50, 2);
  flat.rowwise() = truth.colwise().mean();
  const ImputationScores mean = imputation_scores({flat}, truth, one_slice(at));
  CHECK(mean.rmse == Approx(1));
  CHECK(mean.pearson == 0);
  CHECK(mean.moran < -0.5);  // less autocorrelated than the truth
  CHECK_THROWS_WITH(imputation_scores({flat}, truth, one_slice(at.topRows(7))), ContainsText("7 locations"));
}

TEST_CASE("imputation_scores: coverage counts values within the ends, ends included") {
  const Matrix<float> at = planted::bent_points(10, 4), truth = at.leftCols(1);
  conformal::PredictionIntervals p{truth, truth, truth, truth, truth};
  p.low50.topRows(3).array() += 0.1f;   // misses three
  p.high80.topRows(1).array() -= 0.1f;  // misses one
  const ImputationScores s = imputation_scores(p, truth, one_slice(at));
  CHECK(s.cover50 == Approx(0.7));
  CHECK(s.cover80 == Approx(0.9));
}

TEST_CASE("structural_similarity, jensen_shannon, morans_i: by hand") {
  CHECK(spatial::jensen_shannon({1, 0}, {0, 1}) == Approx(1));
  CHECK(spatial::jensen_shannon({1, 1}, {5, 5}) == Approx(0).margin(1e-12));
  CHECK(spatial::jensen_shannon({1, 0}, {1, 1}) ==
        Approx(0.5 * std::log2(4.0 / 3) + 0.5 * (0.5 * std::log2(2.0 / 3) + 0.5)));
  CHECK(spatial::jensen_shannon({0, 0}, {1, 1}) == 1);
  CHECK(spatial::structural_similarity({0, 1}, {0, 1}) == Approx(1));
  CHECK(spatial::structural_similarity({1, 0}, {0, 1}) < 0);
  Matrix<float> line(4, 2);
  line << 0, 0, 1, 0, 2.1f, 0, 3.3f, 0;
  const Matrix<Index> near = spatial::neighbors_in_slice(one_slice(line), 1);  // 0-1, 1-0, 2-1, 3-2
  // Deviations -1.5, -0.5, 0.5, 1.5; squares sum to 5; cross 0.75 + 0.75 - 0.25 + 0.75.
  CHECK(spatial::morans_i({1, 2, 3, 4}, near) == Approx(2.0 / 5));
  CHECK(spatial::morans_i({2, 2, 2, 2}, near) == 0);
  CHECK(spatial::morans_i({0.1, 0.1, 0.1, 0.1}, near) == 0);
  // The last without a neighbour: cross 0.75 + 0.75 - 0.25 over three locations of four.
  Matrix<Index> fewer = near;
  fewer(3, 0) = -1;
  CHECK(spatial::morans_i({1, 2, 3, 4}, fewer) == Approx(1.25 / 5 * 4 / 3));
  CHECK(spatial::morans_i({1, 2, 3, 4}, Matrix<Index>::Constant(4, 1, -1)) == 0);
}

TEST_CASE("neighbors_in_slice: the nearest of the own slice; fewer where it has no more") {
  Matrix<float> at = Matrix<float>::Zero(6, 2);
  at.col(0) << 0, 1, 3, 0, 9, 0;
  const Matrix<Index> near = spatial::neighbors_in_slice({at, {0, 0, 0, 1, 1, 2}}, 2);
  CHECK(near == Matrix<Index>{{1, 2}, {0, 2}, {1, 0}, {4, -1}, {3, -1}, {-1, -1}});
}

TEST_CASE("imputation_scores: slices that lie on each other do not blur the autocorrelation") {
  // Two slices at the same coordinates, each a gradient, the second the mirror image of the first.
  const Matrix<float> at = planted::bent_points(60, 4);
  Locations both{Matrix<float>(120, 2), std::vector<int>(120, 0)};
  both.coordinates << at, at;
  std::fill(both.slice.begin() + 60, both.slice.end(), 1);
  Matrix<float> truth(120, 1), flat = Matrix<float>::Constant(120, 1, 10);
  truth.topRows(60) = at.col(0);
  truth.bottomRows(60) = 20.0f - at.col(0).array();
  CHECK(imputation_scores({flat}, truth, both).moran < -0.5);
  CHECK(imputation_scores({flat}, truth, one_slice(both.coordinates)).moran > -0.2);
}

TEST_CASE("region_accuracy: by the votes of the nearest reference cells; cells without a label do not vote") {
  Matrix<float> values(40, 1), predicted(3, 1);
  std::vector<std::string> names;
  for (Index i = 0; i < 40; ++i) {
    values(i, 0) = i < 20 ? 0.0f : 10.0f;
    names.push_back(i < 20 ? "low" : i < 24 ? "high" : "");
  }
  predicted << 0, 10, 10;
  const Categorical reference = to_categorical(names);
  CHECK(spatial::region_accuracy(predicted, to_categorical(std::vector<std::string>{"low", "high", "low"}),
                                 {values, reference}) == Approx(2.0 / 3));
  CHECK(spatial::region_accuracy(predicted, to_categorical(std::vector<std::string>{"", "sea", "high"}),
                                 {values, reference}) == Approx(1));
  CHECK(std::isnan(
      spatial::region_accuracy(predicted, to_categorical(std::vector<std::string>{"", "", ""}), {values, reference})));
}
