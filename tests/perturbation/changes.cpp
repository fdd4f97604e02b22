#include <latentcell/perturbation/changes.hpp>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

namespace lc = latentcell;
using lc::CellTable, lc::Index;

namespace {

/// Cells of one type whose last gene makes up the depth, so that a change of one gene is no change of the others.
CellTable cells(std::uint64_t seed, float tenth_gene) {
  lc::Rng rng(seed);
  CellTable out;
  const Index genes = 20;
  out.counts = lc::Counts(genes);
  for (Index i = 0; i < 60; ++i) {
    std::vector<std::int32_t> columns;
    std::vector<float> values;
    float sum = 0;
    for (Index g = 0; g + 1 < genes; ++g) {
      const float x = (g == 10 ? tenth_gene : 5.0f) + float(rng.below(5));
      columns.push_back(std::int32_t(g)), values.push_back(x);
      sum += x;
    }
    columns.push_back(std::int32_t(genes - 1)), values.push_back(1000 - sum);
    out.counts.push_row(columns, values);
    out.cell_names.push_back(lc::text("cell_", i));
  }
  for (Index g = 0; g < genes; ++g) out.gene_names.push_back(lc::text("g", g));
  out.cell_columns = lc::Annotation(60);
  out.gene_columns = lc::Annotation(genes);
  return out;
}

}  // namespace

TEST_CASE("gene_changes: a planted change is first, with an interval around it; the others' intervals hold zero") {
  const CellTable control = cells(1, 5), predicted = cells(2, 50);
  const auto changes = lc::perturbation::gene_changes(control, predicted);
  REQUIRE(changes.size() == 20);
  CHECK(changes[0].name == "g10");
  CHECK(changes[0].rank == 1);
  CHECK(changes[19].rank == 20);
  // log1p of 10 counts in 1,000 for each count: about log(1 + 10 * 52) - log(1 + 10 * 7).
  CHECK(changes[0].change() == Approx(std::log(521.0 / 71.0)).margin(0.1));
  CHECK(changes[0].low > 1.8);
  CHECK(changes[0].low < changes[0].change());
  CHECK(changes[0].high > changes[0].change());
  int hold_zero = 0;
  for (const auto& c : changes) hold_zero += int(c.low <= 0 && c.high >= 0);
  CHECK(hold_zero >= 16);  // of 19 at 95 %; the last gene makes up for the tenth
}

TEST_CASE("gene_changes: no change is none") {
  const CellTable control = cells(1, 5);
  for (const auto& c : lc::perturbation::gene_changes(control, control)) {
    CHECK(c.change() == 0);
    CHECK(c.low <= 0);
    CHECK(c.high >= 0);
  }
}

TEST_CASE("gene_set_changes: the set of the changed gene is first; sets of few genes are left out") {
  lc::Rng rng(3);
  const std::vector<lc::NamedGenes> sets{
      {"others", {"g1", "g2", "g3", "g4"}}, {"changed", {"g9", "g10", "g11", "g12"}}, {"small", {"g10", "g9", "no"}}};
  const auto changes = lc::perturbation::gene_set_changes(cells(1, 5), cells(2, 50), sets, rng);
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].name == "changed");
  CHECK(changes[0].low > 0);
  CHECK(changes[1].name == "others");
  CHECK_THROWS_WITH(
      lc::perturbation::gene_set_changes(cells(1, 5), cells(2, 5), {{"small", {"g1"}}}, rng),
      "scored_gene_sets: none of 1 sets has 3 genes or more, and at most half, of the 20 genes of the cells");
}

TEST_CASE("changes: cells of other genes, and a single cell, are refused") {
  CellTable control = cells(1, 5), other = cells(1, 5);
  other.gene_names[0] = "x";
  CHECK_THROWS_WITH(lc::perturbation::gene_changes(control, other), ContainsText("they must be the same genes"));
  CHECK_THROWS_WITH(lc::perturbation::gene_changes(control, control.select_cells(std::vector<Index>{0})),
                    "gene_changes: 60 control cells and 1 predicted cells; at least 2 of each are needed");
}
