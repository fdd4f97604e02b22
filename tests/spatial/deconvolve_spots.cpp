#include <latentcell/spatial/deconvolve_spots.hpp>

#include <latentcell/core/threads.hpp>

#include "spatial/planted_spots.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Concentration;
using spatial::SpotDeconvolution;

TEST_CASE("fit_spot_deconvolution: shapes of genes given the totals; totals of many genes are the more even") {
  Rng rng(2);
  // Many genes, so that each one's share of a cell's total is small.
  std::vector<double> shape(30, 2.0);
  shape[0] = 0.3;
  shape[1] = 10;
  const planted::Spots made = planted::spots(600, 6, shape, 0, rng);
  const SpotDeconvolution found = spatial::fit_spot_deconvolution(made.locations, made.of);
  CHECK(found.genes[0].cell == Approx(0.3).epsilon(0.35));
  CHECK(found.genes[2].cell == Approx(2).epsilon(0.35));
  CHECK(found.genes[1].cell > 5);
  CHECK(found.totals.cell > 2 * found.genes[2].cell);
  // A spot without a number of cells counts as one of the mean size.
  spatial::SpotCounts few = made.of, usual = made.of;
  for (std::size_t s = 0; s < 600; ++s) few.cells[s] = s < 5 ? 3 : 0, usual.cells[s] = 3;
  CHECK(spatial::fit_spot_deconvolution(made.locations, few).genes[2].cell ==
        spatial::fit_spot_deconvolution(made.locations, usual).genes[2].cell);
  few.cells.assign(600, 0);
  CHECK_THROWS_WITH(spatial::fit_spot_deconvolution(made.locations, few), ContainsText("none of 600 spots has cells"));
  few.cells = {1, 2};
  CHECK_THROWS_WITH(spatial::fit_spot_deconvolution(made.locations, few), ContainsText("2 numbers of cells for 600"));
  CHECK_THROWS_WITH(spatial::fit_spot_deconvolution(made.locations, {Matrix<float>::Zero(600, 30), made.of.cells}),
                    ContainsText("only 0 pairs"));
}

TEST_CASE("sample_spot_cells: counts of the cells sum to the spot's; uneven totals hold for all genes of a cell") {
  Rng rng(4);
  const RowVector<float> counts = RowVector<float>::Constant(40, 4);
  const auto zeros = [&](double totals) {
    const SpotDeconvolution model{std::vector<Concentration>(40, Concentration{100, 0}), Concentration{totals, 0}};
    double n = 0;
    for (int draw = 0; draw < 50; ++draw) {
      const Matrix<float> cells = spatial::sample_spot_cells(model, counts, 2, rng);
      CHECK(Matrix<float>(cells.colwise().sum()) == counts);
      n += double((cells.array() == 0).count());
    }
    return n / (50 * 80);
  };
  CHECK(zeros(1000) == Approx(0.0625).margin(0.02));  // none of four counts, at even odds
  CHECK(zeros(0.05) > 0.3);                           // one of the two cells has nearly all
}

TEST_CASE("spot_cell_moments: means and intervals of cells that were not measured alone, within binomial error") {
  Rng rng(3);
  const planted::Spots made = planted::spots(400, 5, std::vector<double>(30, 1.0), 0, rng);
  const SpotDeconvolution model = spatial::fit_spot_deconvolution(made.locations, made.of);
  const Matrix<float> truth = spatial::log_at_depth(made.single, 600), flat = Matrix<float>::Zero(truth.rows(), 30);
  const int before = threads();
  Rng a(5), b(5);
  set_threads(1);
  const spatial::SpotCellMoments cells = spatial::spot_cell_moments(model, made.of, {.depth = 600, .draws = 24}, a);
  set_threads(2);
  CHECK(spatial::spot_cell_moments(model, made.of, {.depth = 600, .draws = 24}, b).mean == cells.mean);
  set_threads(before);
  const conformal::PredictionIntervals out = spatial::deconvolve_spots(cells, made.spot, flat);
  double in50 = 0, in80 = 0, below80 = 0, above80 = 0;
  for (Index i = 0; i < truth.rows(); ++i) {
    for (Index g = 0; g < 30; ++g) {
      in50 += out.low50(i, g) <= truth(i, g) && truth(i, g) <= out.high50(i, g) ? 1.0 : 0.0;
      in80 += out.low80(i, g) <= truth(i, g) && truth(i, g) <= out.high80(i, g) ? 1.0 : 0.0;
      below80 += truth(i, g) < out.low80(i, g) ? 1.0 : 0.0;
      above80 += truth(i, g) > out.high80(i, g) ? 1.0 : 0.0;
    }
    if (made.of.cells[to_size(made.spot[to_size(i)])] > 1) continue;
    CHECK((out.mean.row(i) - truth.row(i)).cwiseAbs().maxCoeff() < 1e-4f);  // a cell alone in its spot
    CHECK((out.low50.row(i).array() <= truth.row(i).array()).all());
    CHECK((out.high50.row(i).array() >= truth.row(i).array()).all());
  }
  const double n = double(truth.size()) / 30;  // cells: genes of one cell are not independent
  CHECK(in50 / double(truth.size()) == Approx(0.5).margin(4 * std::sqrt(0.25 / n)));
  CHECK(in80 / double(truth.size()) == Approx(0.8).margin(4 * std::sqrt(0.16 / n)));
  CHECK(below80 > 0);
  CHECK(above80 > 0);
  // The logarithm of a spot's mean is above the mean logarithm of its cells.
  CHECK(double(out.mean.mean()) == Approx(double(truth.mean())).epsilon(0.02));
  Matrix<float> means = made.of.counts;
  for (Index s = 0; s < 400; ++s) means.row(s) /= float(made.of.cells[to_size(s)]);
  CHECK(double(spatial::log_at_depth(means, 600).mean()) > 1.04 * double(truth.mean()));
  CHECK((cells.cell_deviation - spatial::column_deviation(truth)).cwiseAbs().mean() < 0.15f);
}

TEST_CASE("deconvolve_spots: cells keep the differences that are predicted; spots without cells have no moments") {
  Rng rng(3);
  const planted::Spots made = planted::spots(100, 4, std::vector<double>(12, 1.0), 0, rng);
  const SpotDeconvolution model = spatial::fit_spot_deconvolution(made.locations, made.of);
  spatial::SpotCounts some = made.of;
  some.cells[7] = 0;
  const spatial::SpotCellMoments cells = spatial::spot_cell_moments(model, some, {.depth = 600, .draws = 4}, rng);
  CHECK(cells.mean.row(7).isZero());
  CHECK(cells.cell_deviation.allFinite());
  Matrix<float> predicted = Matrix<float>::Zero(2, 12);
  predicted.row(1).setConstant(0.1f);
  const conformal::PredictionIntervals out = spatial::deconvolve_spots(cells, {3, 3}, predicted);
  for (Index g = 0; g < 12; ++g) {
    if (out.mean(0, g) > 0) CHECK(out.mean(1, g) - out.mean(0, g) == Approx(0.1).margin(1e-4));
    CHECK(out.low80(0, g) <= out.low50(0, g));
    CHECK(out.high80(0, g) >= out.high50(0, g));
  }
  CHECK_THROWS_WITH(spatial::spot_cell_moments(model, made.of, {.depth = 600, .draws = 1}, rng),
                    ContainsText("spot_cell_moments: draws must be at least 2, got 1"));
  CHECK_THROWS_WITH(spatial::spot_cell_moments(model, made.of, {.depth = 0, .draws = 4}, rng),
                    ContainsText("spot_cell_moments: depth must be above 0, got 0"));
}
