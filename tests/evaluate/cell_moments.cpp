#include <latentcell/evaluate/cell_moments.hpp>

#include "evaluate/cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;
using namespace evaluate_cells;

namespace {

std::vector<Index> rows(Index first, Index last) {
  std::vector<Index> out;
  for (Index i = first; i < last; ++i) out.push_back(i);
  return out;
}

CellMoments moments_of(const CellTable& cells, const std::vector<Index>& cuts) {
  const Categorical labels = cells.obs("cell_type");
  CellMoments out(cells.gene_names, labels.levels);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const CellTable part = cells.select_cells(rows(cuts[i], cuts[i + 1]));
    out.add(part, part.obs("cell_type").codes);
  }
  return out;
}

}  // namespace

TEST_CASE("CellMoments: in the mix that the cells have they are the moments of all cells at once") {
  const CellTable cells = draw(300, 1).train;
  const CellMoments blocks = moments_of(cells, {0, 7, 200, 300});
  CHECK(blocks.cells() == 300);
  std::vector<double> mix;
  for (std::size_t l = 0; l < blocks.levels().size(); ++l) mix.push_back(double(blocks.cells(l)));
  const metric::GeneMoments got = blocks.mixed(mix), all = metric::gene_moments(kernel::log_normalize(cells.counts));
  for (std::size_t g = 0; g < all.mean.size(); ++g) {
    CHECK(got.mean[g] == Approx(all.mean[g]).epsilon(1e-12));
    CHECK(got.variance[g] == Approx(all.variance[g] * 299 / 300).epsilon(1e-9));
    CHECK(got.zeros[g] == Approx(all.zeros[g]).margin(1e-12));
  }
}

TEST_CASE("CellMoments: merged ones are those of all blocks, and a level alone is that of its cells") {
  const CellTable cells = draw(300, 2).train;
  CellMoments a = moments_of(cells, {0, 120});
  const CellMoments b = moments_of(cells, {120, 300}), whole = moments_of(cells, {0, 300});
  a.merge(b);
  const std::vector<double> second = {0, 1, 0};
  CHECK(a.cells(1) == whole.cells(1));
  CHECK(a.library(1) == whole.library(1));
  const metric::GeneMoments x = a.mixed(second), y = whole.mixed(second);
  for (std::size_t g = 0; g < x.mean.size(); ++g) {
    CHECK(x.mean[g] == Approx(y.mean[g]).epsilon(1e-12));
    CHECK(x.zeros[g] == Approx(y.zeros[g]).margin(1e-12));
  }
  std::vector<Index> own;
  const Categorical labels = cells.obs("cell_type");
  for (Index i = 0; i < 300; ++i) {
    if (labels.codes[to_size(i)] == 1) own.push_back(i);
  }
  const CellTable alone = cells.select_cells(own);
  CHECK(x.mean[5] == Approx(metric::gene_moments(kernel::log_normalize(alone.counts)).mean[5]).epsilon(1e-9));
}

TEST_CASE("moment_table: cells of one law agree, cells of another mix are weighted, other cells differ") {
  const Cells cells = draw(1500, 3);
  const auto of = [&](const CellTable& t) { return moments_of(t, {0, t.cells()}); };
  const CellMoments real = of(cells.held_out);
  const ScoreTable same = moment_table(real, of(cells.generated));
  CHECK(same.value("all labels", "mean_r") > 0.995);
  CHECK(std::abs(same.value("all labels", "zeros")) < 0.004);
  CHECK(same.value("all labels", "library_median") == Approx(1).margin(0.05));
  CHECK(same.rows().size() == 4);
  // Cells of one label four times: the row of all labels is in the mix of the real cells.
  std::vector<Index> twice;
  const Categorical labels = cells.generated.obs("cell_type");
  for (Index i = 0; i < cells.generated.cells(); ++i) {
    twice.push_back(i);
    if (labels.codes[to_size(i)] == 2) twice.insert(twice.end(), {i, i, i});
  }
  const ScoreTable mixed = moment_table(real, of(cells.generated.select_cells(twice)));
  CHECK(mixed.value("all labels", "mean_r") == Approx(same.value("all labels", "mean_r")).epsilon(1e-9));
  CHECK(mixed.value("all labels", "zeros") == Approx(same.value("all labels", "zeros")).margin(1e-9));
  CellTable half = cells.generated;
  for (float& v : half.counts.values()) v = std::floor(v / 2);
  CHECK(moment_table(real, of(half)).value("all labels", "library_median") < 0.6);
}

TEST_CASE("CellMoments: wrong calls") {
  const CellTable cells = draw(60, 4).train;
  const Categorical labels = cells.obs("cell_type");
  CellMoments m(cells.gene_names, labels.levels);
  CHECK_THROWS_AS(m.add(cells, std::vector<int>(3, 0)), std::invalid_argument);
  CHECK_THROWS_AS(m.mixed(std::vector<double>{1, 1, 1}), std::invalid_argument);
  m.add(cells, labels.codes);
  CHECK_THROWS_AS(m.mixed(std::vector<double>{1}), std::invalid_argument);
  CHECK_THROWS_AS(m.merge(CellMoments({"other"}, labels.levels)), std::invalid_argument);
  CHECK_THROWS_AS(CellMoments({"other"}, labels.levels).add(cells, labels.codes), std::invalid_argument);
  CHECK_THROWS_AS(quantile_of({}, 0.5), std::invalid_argument);
  CHECK(quantile_of(std::vector<double>{1, 2, 4}, 0.75) == 3);
}
