#include <latentcell/spatial/holdout.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Hide;
using spatial::ImputationTask;
using spatial::parse_holdout;
using spatial::Tissue;

namespace {

std::vector<std::string> sorted(std::vector<std::string> a, const std::vector<std::string>& b = {}) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  return a;
}

ImputationTask hold_out(const Tissue& t, const std::string& words, std::uint64_t seed = 1) {
  Rng rng(seed);
  return spatial::hold_out(t, parse_holdout(words), rng);
}

}  // namespace

TEST_CASE("parse_holdout: the five kinds") {
  CHECK(parse_holdout("region:Layer 4").hide == Hide::region);
  CHECK(parse_holdout("region:a:b", "area").level == "a:b");
  CHECK(parse_holdout("region:a:b", "area").column == "area");
  CHECK(parse_holdout("spots:0.3").amount == 0.3);
  CHECK(parse_holdout("slice:2").hide == Hide::slice);
  CHECK(parse_holdout("genes:7").hide == Hide::genes);
  CHECK(parse_holdout("grid:2.5").hide == Hide::grid);
  CHECK_THROWS_WITH(parse_holdout("nothing:3"), ContainsText("is none of region:LEVEL"));
  CHECK_THROWS_WITH(parse_holdout("spots"), ContainsText("'' in 'spots' is not a number"));
  CHECK_THROWS_WITH(parse_holdout("spots:many"), ContainsText("'many' in 'spots:many' is not a number"));
}

TEST_CASE("hold_out: hidden and given cells are all cells, none twice; the truth is the hidden cells'") {
  Tissue t = planted::tissue({.spots = 200, .genes = 10}, 1);
  for (std::size_t i = 0; i < 60; ++i) t.locations.slice[i] = 1;
  t.slices = 2;
  for (const char* words : {"region:layer_2", "spots:0.4", "slice:2", "genes:3"}) {
    const ImputationTask task = hold_out(t, words);
    CHECK(sorted(task.reference.cells.cell_names, task.query.cells.cell_names) == sorted(t.cells.cell_names));
    REQUIRE(task.truth);
    CHECK(task.truth->cell_names == task.query.cells.cell_names);
    CHECK(task.query.locations.size() == task.query.cells.cells());
    CHECK(task.spot.empty());
  }
  CHECK(hold_out(t, "spots:0.4").query.cells.cells() == 80);
  CHECK(hold_out(t, "slice:2").query.locations.slice == std::vector<int>(60, 1));
  CHECK(hold_out(t, "genes:3").missing_genes.size() == 3);
  CHECK(hold_out(t, "genes:3").query.cells.cells() == 100);
  CHECK(hold_out(t, "genes:3").imputes_genes());
  const Categorical hidden = hold_out(t, "region:layer_2").query.cells.obs("region");
  for (const int code : hidden.codes) CHECK(hidden.levels[to_size(code)] == "layer_2");
  CHECK(hold_out(t, "spots:0.4").query.cells.cell_names == hold_out(t, "spots:0.4").query.cells.cell_names);
  CHECK(hold_out(t, "spots:0.4").query.cells.cell_names != hold_out(t, "spots:0.4", 2).query.cells.cell_names);
}

TEST_CASE("hold_out: a grid gives the means of squares, in neighbour distances, and asks for all cells") {
  const Tissue t = planted::tissue({.spots = 200, .genes = 10}, 1);
  const ImputationTask task = hold_out(t, "grid:6");
  CHECK(task.query.cells.cell_names == t.cells.cell_names);
  CHECK(task.spots_are_means);
  CHECK(task.spot.size() == 200);
  const double squares = double(task.reference.cells.cells());
  const double side = 6 * spatial::mean_neighbor_distance(t.locations, 1);
  CHECK(squares == Approx(200 / (side * side)).epsilon(0.5));  // one cell to a unit square
}

TEST_CASE("hold_out: what cannot be hidden is refused with numbers") {
  const Tissue t = planted::tissue({.spots = 200, .genes = 10}, 1);
  CHECK_THROWS_WITH(hold_out(t, "region:sea"), ContainsText("no level 'sea'"));
  CHECK_THROWS_WITH(hold_out(t, "spots:2"), ContainsText("lies between 0 and 1, got 2"));
  CHECK_THROWS_WITH(hold_out(t, "spots:0.01"), ContainsText("only 2 cells are hidden"));
  CHECK_THROWS_WITH(hold_out(t, "slice:1"), ContainsText("of one slice"));
  CHECK_THROWS_WITH(hold_out(t, "genes:10"), ContainsText("1 to 9 can be held out, not 10"));
  CHECK_THROWS_WITH(hold_out(t, "genes:0"), ContainsText("not 0"));
  CHECK_THROWS_WITH(hold_out(t, "grid:1"), ContainsText("more than 1 neighbour distance"));
  Tissue two = t;
  two.slices = 2;
  CHECK_THROWS_WITH(hold_out(two, "slice:3"), ContainsText("slices 1 to 2, not 3"));
  CHECK_THROWS_WITH(hold_out(two, "slice:1.5"), ContainsText("not 1.5"));
  CHECK_THROWS_WITH(hold_out(two, "slice:1"), ContainsText("all 200 cells are hidden"));
}

TEST_CASE("impute_missing_genes: the genes that a panel lacks, in the reference's order") {
  const Tissue t = planted::tissue({.spots = 60, .genes = 5}, 1);
  Tissue panel = t;
  panel.cells = t.cells.select_genes(std::vector<Index>{1, 3});
  const ImputationTask task = spatial::impute_missing_genes(t, panel);
  CHECK(task.missing_genes == std::vector<std::string>{"gene_1", "gene_3", "gene_5"});
  CHECK(!task.truth);
  CHECK_THROWS_WITH(spatial::impute_missing_genes(t, t), ContainsText("has all 5 genes"));
  panel.cells.gene_names = {"x", "y"};
  CHECK_THROWS_WITH(spatial::impute_missing_genes(t, panel), ContainsText("none of its 2 genes"));
}
