#include <latentcell/data/append_cells.hpp>
#include <latentcell/latent/obs_vectors.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("ObsVectors: a column of vectors is selected, read, written and unknown where it is missing") {
  const Matrix<float> place = Matrix<float>::Random(4, 3);
  Annotation obs(4);
  obs.set("place", place);
  const ObsVectors reader{"place", 3};
  Matrix<float> to(4, 3);
  reader.read(obs, view(to));
  CHECK(to == place);
  const std::vector<Index> rows{2, 0};
  const Annotation part = obs.select(rows);
  Matrix<float> two(2, 3);
  reader.read(part, view(two));
  CHECK(two.row(0) == place.row(2));
  CHECK(two.row(1) == place.row(0));
  reader.read(Annotation(2), view(two));
  CHECK(std::isnan(two(1, 2)));
  Annotation back(4);
  reader.write(view(place), back);
  CHECK(std::get<Matrix<float>>(back.get("place")) == place);
  REQUIRE_THROWS_WITH((ObsVectors{"place", 2}.read(obs, view(to))), ContainsText("vectors of 3 numbers, not 2"));
  REQUIRE_THROWS_WITH(reader.parse("a", view(two)), ContainsText("'place' takes a vector of 3 numbers"));
  REQUIRE_THROWS_WITH(obs.labels("place"), ContainsText("holds vectors, not labels"));
}
