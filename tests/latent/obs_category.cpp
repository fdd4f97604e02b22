#include <latentcell/latent/obs_category.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("ObsCategory: codes follow names; a number, another level and a missing label have their own answers") {
  const ObsCategory reader{"type", {"a", "b"}};
  Annotation obs(3);
  obs.set("type", Categorical{{"b", "x"}, {0, 1, -1}});
  Matrix<float> to(3, 1);
  reader.read(obs, view(to));
  CHECK(to(0, 0) == 1);
  CHECK(std::isnan(to(1, 0)));
  CHECK(std::isnan(to(2, 0)));
  REQUIRE_THROWS_WITH(reader.require_levels(obs), ContainsText("no level 'x'; there are a, b"));
  Matrix<float> one(1, 1);
  reader.parse("b", view(one));
  CHECK(one(0, 0) == 1);
  REQUIRE_THROWS_WITH(reader.parse(1, view(one)), ContainsText("'type' takes a label, not a number"));
  Annotation back(3);
  reader.write(view(to), back);
  CHECK(back.labels("type").codes == std::vector<int>{1, -1, -1});
}
