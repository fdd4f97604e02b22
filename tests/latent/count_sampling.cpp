#include <latentcell/latent/count_sampling.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("CountSampling: what does not fit cells and genes is named") {
  CountSampling o;
  o.correction.groups = {0, -1};
  o.correction.gene_scale = Matrix<float>::Ones(1, 3);
  check_sampling(o, 2, 3);
  REQUIRE_THROWS_WITH(check_sampling(o, 2, 4), ContainsText("gene_scale of 3 genes"));
  REQUIRE_THROWS_WITH(check_sampling(o, 3, 3), ContainsText("there are 3 cells"));
  o.correction.groups = {0, 1};
  REQUIRE_THROWS_WITH(check_sampling(o, 2, 3), ContainsText("group 1 but gene_scale of 1 groups"));
  o.correction = {};
  o.strata = {0};
  REQUIRE_THROWS_WITH(check_sampling(o, 2, 3), ContainsText("1 strata for 2 cells"));
  o.strata = {0, 0};
  o.first = 3;
  REQUIRE_THROWS_WITH(check_sampling(o, 2, 3), ContainsText("from number 0 on, not from 3"));
  o.strata.clear();
  check_sampling(o, 2, 3);
  o.first = -1;
  REQUIRE_THROWS_WITH(check_sampling(o, 2, 3), ContainsText("first must be at least 0, got -1"));
}
