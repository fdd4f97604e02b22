#include <latentcell/spatial/tissue.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Tissue;

TEST_CASE("make_tissue: the first two coordinates locate cells; other embeddings go") {
  const Tissue t = planted::tissue({.spots = 50, .genes = 4}, 1);
  CHECK(t.cells.embeddings.empty());
  CHECK(t.slices == 1);
  CHECK(t.locations.slice == std::vector<int>(50, 0));
  Matrix<float> at = Matrix<float>::Ones(50, 3);
  CHECK(spatial::make_tissue(t.cells, at).locations.coordinates.cols() == 2);
  CHECK_THROWS_WITH(spatial::make_tissue(t.cells, at.topRows(9)), ContainsText("coordinates (9, 3) for 50 cells"));
  at(3, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(spatial::make_tissue(t.cells, at), ContainsText("lack coordinates"));
}

TEST_CASE("Tissue: selected cells keep counts, location and slice, in the order asked for") {
  Tissue t = planted::tissue({.spots = 50, .genes = 4}, 1);
  t.locations.slice[7] = 1;
  t.slices = 2;
  const Tissue two = t.select({9, 7});
  CHECK(two.cells.cell_names == std::vector<std::string>{"spot_10", "spot_8"});
  CHECK(two.locations.coordinates.row(0) == t.locations.coordinates.row(9));
  CHECK(two.locations.slice == std::vector<int>{0, 1});
  CHECK(two.slices == 2);
  CHECK(spatial::rows_of_slice(t.locations, 1) == std::vector<Index>{7});
}

TEST_CASE("subset: by label, or by number in a column of numbers") {
  Tissue t = planted::tissue({.spots = 60, .genes = 4}, 1);
  std::vector<double> ages(60, 1.0);
  ages[5] = 2;
  t.cells.cell_columns.set("age", ages);
  CHECK(spatial::subset(t, "age", "2.0").cells.cell_names == std::vector<std::string>{"spot_6"});
  const Tissue layer = spatial::subset(t, "region", "layer_2");
  const Categorical region = t.cells.obs("region");
  CHECK(layer.cells.cells() == std::count(region.codes.begin(), region.codes.end(), region.code_of("layer_2")));
  CHECK(layer.locations.size() == layer.cells.cells());
  CHECK_THROWS_WITH(spatial::subset(t, "age", "old"), ContainsText("'old' is not a number, as 'age' holds"));
  CHECK_THROWS_WITH(spatial::subset(t, "age", "7"), ContainsText("none of 60 cells has age = 7"));
  CHECK_THROWS_WITH(spatial::subset(t, "region", "sea"), ContainsText("no level 'sea'"));
}
