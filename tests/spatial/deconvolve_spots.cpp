#include <latentcell/spatial/deconvolve_spots.hpp>

#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Spots on a grid, `cells` (1 to most) under each, whose counts are negative binomial of a shape for each gene.
struct MadeSpots {
  SpatialReference spots;
  Matrix<float> counts, single;  // (S, F), (N, F)
  std::vector<Index> cells, spot;
};

// changes: how much the first gene's mean changes from spot to spot, on the scale of natural logarithms.
MadeSpots make_spots(Index spots, Index most, const std::vector<double>& shape, double changes, Rng& rng) {
  const Index f = Index(shape.size());
  MadeSpots out{{Matrix<float>(spots, 2), std::vector<int>(to_size(spots), 0), Matrix<float>(spots, f)},
                Matrix<float>::Zero(spots, f),
                {},
                {},
                {}};
  std::vector<float> single;
  for (Index s = 0; s < spots; ++s) {
    out.spots.at.row(s) << float(s % 20), float(s / 20);
    const double here = std::exp(changes * rng.normal());
    out.cells.push_back(1 + Index(rng.below(std::uint64_t(most))));
    for (Index j = 0; j < out.cells.back(); ++j) {
      out.spot.push_back(s);
      for (Index g = 0; g < f; ++g) {
        single.push_back(float(draw_negative_binomial(20 * (g == 0 ? here : 1), shape[to_size(g)], rng)));
        out.counts(s, g) += single.back();
      }
    }
  }
  out.single = Eigen::Map<const Matrix<float>>(single.data(), Index(single.size()) / f, f);
  return out;
}

}  // namespace

TEST_CASE("coherence: the places within a spot have its value as their mean, and keep what they differ by") {
  SpatialReference spots;
  spots.at.resize(3, 2);
  spots.at << 0, 0, 10, 0, 0, 0;
  spots.slice = {0, 0, 1};  // the last one lies above the first, in another slice
  spots.values.resize(3, 1);
  spots.values << 4, 8, 1;
  Matrix<float> at(5, 2), predicted(5, 1);
  at << 1, 0, -1, 0, 9, 0, 0, 1, 4, 0;
  predicted << 2, 4, 5, 7, 3;
  const std::vector<Index> spot = nearest_spots(spots, at, {0, 0, 0, 1, 0});
  CHECK(spot == std::vector<Index>{0, 0, 1, 2, 0});
  CHECK(places_of_spots(spot, 3) == std::vector<Index>{3, 1, 1});
  const Matrix<float> moved = predicted + coherence(spots.values, spot, predicted);
  CHECK((moved(0, 0) + moved(1, 0) + moved(4, 0)) / 3 == Approx(4));  // of the first spot
  CHECK(moved(1, 0) - moved(0, 0) == Approx(2));
  CHECK(moved(2, 0) == Approx(8));
  CHECK(moved(3, 0) == Approx(1));
  CHECK(coherence(spots.values, spot, moved).cwiseAbs().maxCoeff() < 1e-6f);
  CHECK_THROWS_WITH(nearest_spots(spots, at, {0, 0}), ContainsText("nearest_spots: 5 places, 2 slices"));
  CHECK_THROWS_WITH(nearest_spots(spots, at, {0, 0, 0, 2, 0}), ContainsText("slice 2 has places but no spot"));
  CHECK_THROWS_WITH(coherence(spots.values, {0}, predicted), ContainsText("coherence: 1 places"));
}

TEST_CASE("learn_split: finds the shape of the cells' counts from sums over spots") {
  Rng rng(2);
  // Many genes, so that each one's share of a cell's total is small.
  std::vector<double> shape(30, 2.0);
  shape[0] = 0.3;
  shape[1] = 10;
  const MadeSpots made = make_spots(600, 6, shape, 0, rng);
  const SpotDeconvolution split = learn_split(made.spots, made.counts, made.cells);
  CHECK(split.genes[0].cell == Approx(0.3).epsilon(0.35));
  CHECK(split.genes[2].cell == Approx(2).epsilon(0.35));
  CHECK(split.genes[1].cell > 5);
  CHECK(split.totals.cell > split.genes[2].cell);  // sums of many genes are the more even
  // What changes from spot to spot is not taken for what cells of one spot differ by.
  const MadeSpots other = make_spots(600, 6, std::vector<double>(30, 2.0), 0.8, rng);
  const SpotDeconvolution of_other = learn_split(other.spots, other.counts, other.cells);
  CHECK(of_other.genes[0].apart > 0.1);
  CHECK(of_other.genes[0].cell > 1.2);
  CHECK(of_other.genes[2].apart < 0.05);
  // Where the number of cells is not known, that of other spots stands in.
  std::vector<Index> few = made.cells, usual(600, 3);
  for (std::size_t s = 5; s < 600; ++s) few[s] = 0;
  for (std::size_t s = 0; s < 5; ++s) few[s] = usual[s];
  CHECK(learn_split(made.spots, made.counts, few).genes[2].cell ==
        learn_split(made.spots, made.counts, usual).genes[2].cell);
  CHECK_THROWS_WITH(learn_split(made.spots, made.counts, std::vector<Index>(600, 0)),
                    ContainsText("no spot has cells"));
  CHECK_THROWS_WITH(learn_split(made.spots, made.counts, {1, 2}), ContainsText("2 numbers of cells for 600 spots"));
  CHECK_THROWS_WITH(learn_split(made.spots, Matrix<float>::Zero(600, 30), made.cells), ContainsText("only 0 pairs"));
}

TEST_CASE("share_counts: a cell's total holds for all its genes, and what is shared out adds up") {
  Rng rng(4);
  const RowVector<float> counts = RowVector<float>::Constant(40, 4);
  const auto empty = [&](double totals) {
    const SpotDeconvolution split{std::vector<Concentration>(40, Concentration{100, 0}), Concentration{totals, 0}};
    double n = 0;
    for (int draw = 0; draw < 50; ++draw)
      n += double((detail::share_counts(split, counts, 2, 160, rng).array() == 0).count());
    return n / (50 * 80);
  };
  CHECK(empty(1000) == Approx(0.0625).margin(0.02));  // none of four counts, at even odds
  CHECK(empty(0.05) > 0.3);                           // one of the two cells has nearly all
  CHECK(detail::share_counts({std::vector<Concentration>(40, Concentration{1, 0}), Concentration{1, 0}}, counts, 1, 160,
                             rng)
            .isApprox(Matrix<float>::Constant(1, 40, std::log1p(4.0f))));
}

TEST_CASE(
    "split_cells: means and intervals of single cells that nobody saw; a cell alone is known; threads to the bit") {
  Rng rng(3);
  std::vector<double> shape(30, 1.0);
  const MadeSpots made = make_spots(400, 5, shape, 0, rng);
  const SpotDeconvolution split = learn_split(made.spots, made.counts, made.cells);
  const Matrix<float> truth = detail::logs_at(made.single, 600), flat = Matrix<float>::Zero(truth.rows(), 30);
  const int before = threads();
  Rng a(5), b(5);
  set_threads(1);
  const SplitCells cells = split_cells(split, made.counts, made.cells, 600, 24, a);
  set_threads(2);
  CHECK(split_cells(split, made.counts, made.cells, 600, 24, b).mean == cells.mean);
  set_threads(before);
  const conformal::PredictionIntervals out = within_spots(cells, made.spot, flat);
  double in50 = 0, in80 = 0;
  for (Index i = 0; i < truth.rows(); ++i) {
    for (Index g = 0; g < 30; ++g) {
      in50 += out.low50(i, g) <= truth(i, g) && truth(i, g) <= out.high50(i, g) ? 1.0 : 0.0;
      in80 += out.low80(i, g) <= truth(i, g) && truth(i, g) <= out.high80(i, g) ? 1.0 : 0.0;
    }
    if (made.cells[to_size(made.spot[to_size(i)])] > 1) continue;
    CHECK((out.mean.row(i) - truth.row(i)).cwiseAbs().maxCoeff() < 1e-4f);
    CHECK((out.low50.row(i).array() <= truth.row(i).array()).all());
    CHECK((out.high50.row(i).array() >= truth.row(i).array()).all());
  }
  CHECK(in50 / double(truth.size()) == Approx(0.5).margin(0.04));
  CHECK(in80 / double(truth.size()) == Approx(0.8).margin(0.04));
  // The logarithm of a spot's mean lies above the mean logarithm of its cells.
  CHECK(double(out.mean.mean()) == Approx(double(truth.mean())).epsilon(0.02));
  Matrix<float> spots = made.counts;
  for (Index s = 0; s < 400; ++s) spots.row(s) /= float(made.cells[to_size(s)]);
  CHECK(double(detail::logs_at(spots, 600).mean()) > 1.04 * double(truth.mean()));
  CHECK((cells.spread - (truth.rowwise() - truth.colwise().mean()).array().square().colwise().mean().sqrt().matrix())
            .cwiseAbs()
            .mean() < 0.15f);
  std::vector<Index> some = made.cells;
  some[7] = 0;
  Rng c(5);
  const SplitCells without = split_cells(split, made.counts, some, 600, 4, c);
  CHECK(without.mean.row(7).isZero());
  CHECK(without.spread.allFinite());
  CHECK_THROWS_WITH(split_cells(split, made.counts, made.cells, 600, 1, a), ContainsText("1 draws"));
}
