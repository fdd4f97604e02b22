#include <latentcell/latent/obs_genes.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("ObsGenes: joined names are weights of genes, the control is none of them") {
  const ObsGenes reader{"perturbation", {"A", "B", "C"}};
  Annotation obs(3);
  obs.set("perturbation", std::vector<std::string>{"control", "C+A", ""});
  Matrix<float> to(3, 3), one(1, 3);
  reader.read(obs, view(to));
  CHECK(to.row(0).sum() == 0);
  CHECK((to(1, 0) == 1 && to(1, 1) == 0 && to(1, 2) == 1));
  CHECK(std::isnan(to(2, 0)));
  reader.parse(std::vector<float>{0, 0.5f, 0}, view(one));
  CHECK(one(0, 1) == 0.5f);
  REQUIRE_THROWS_WITH(reader.parse("A+D", view(one)), ContainsText("names 'D', which is neither 'control'"));
  REQUIRE_THROWS_WITH(reader.parse(1.0, view(one)), ContainsText("a weight of each of the 3 genes"));
}
