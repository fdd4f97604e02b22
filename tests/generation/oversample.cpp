#include <latentcell/generation/oversample.hpp>

#include <algorithm>
#include <set>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

namespace {

struct Real {
  CellTable cells;
  std::vector<int> label;
  Matrix<float> points;

  Real() {
    Rng rng(2);
    cells = simulate({.cells = 60, .genes = 30, .types = 3, .library = 500, .type_skew = 0}, rng);
    label = cells.obs("cell_type").codes;
    points.resize(60, 2);
    for (Index i = 0; i < points.size(); ++i) points.data()[i] = float(rng.normal());
  }
};

double total(const CellTable& t, Index row) { return double(t.counts.view().row_sum(row)); }

}  // namespace

TEST_CASE("copy_cells: real cells of the labels asked for") {
  const Real real;
  Rng rng(3);
  const CellTable copies = copy_cells({real.cells, real.label}, {2, 2, 0}, rng);
  CHECK(copies.obs("cell_type").codes == std::vector<int>{2, 2, 0});
  CHECK(std::set<std::string>(copies.cell_names.begin(), copies.cell_names.end()).size() == 3);
  for (Index i = 0; i < 3; ++i) {
    const std::string& name = copies.cell_names[to_size(i)];
    const auto at =
        std::find(real.cells.cell_names.begin(), real.cells.cell_names.end(), name.substr(0, name.find("_copy")));
    REQUIRE(at != real.cells.cell_names.end());
    CHECK(total(copies, i) == total(real.cells, at - real.cells.cell_names.begin()));
  }
  CHECK_THROWS_WITH(copy_cells({real.cells, real.label}, {7}, rng), ContainsText("no cell has label 7"));
}

TEST_CASE("mix_cells: counts between those of two cells of the label, whole numbers, of the mean of real cells") {
  const Real real;
  Rng rng(3);
  const CellTable mixed = mix_cells({real.cells, real.label}, real.points, std::vector<int>(400, 1), 5, rng);
  CHECK(mixed.cells() == 400);
  CHECK(mixed.obs("cell_type").count(1) == 400);
  for (const float x : mixed.counts.values()) CHECK(x == std::floor(x));
  double low = 1e9, high = 0, real_mean = 0, n = 0, mean = 0;
  for (Index i = 0; i < 60; ++i) {
    if (real.label[to_size(i)] != 1) continue;
    low = std::min(low, total(real.cells, i)), high = std::max(high, total(real.cells, i));
    real_mean += total(real.cells, i), n += 1;
  }
  for (Index i = 0; i < 400; ++i) {
    CHECK(total(mixed, i) < 1.2 * high);
    CHECK(total(mixed, i) > 0.8 * low);
    mean += total(mixed, i) / 400;
  }
  CHECK(mean == Approx(real_mean / n).epsilon(0.1));
}

TEST_CASE("mix_cells: a cell alone is mixed with itself, and bad input is refused") {
  Real real;
  for (std::size_t i = 0; i < 60; ++i) real.label[i] = i == 7 ? 1 : 0;
  Rng rng(3);
  const CellTable mixed = mix_cells({real.cells, real.label}, real.points, {1, 1}, 5, rng);
  CHECK(total(mixed, 0) == Approx(total(real.cells, 7)).epsilon(0.25));
  CHECK_THROWS_WITH(mix_cells({real.cells, real.label}, real.points.topRows(5), {1}, 5, rng),
                    ContainsText("5 points for 60"));
  CHECK_THROWS_WITH(mix_cells({real.cells, real.label}, real.points, {1}, 0, rng), ContainsText("0 neighbors"));
}
