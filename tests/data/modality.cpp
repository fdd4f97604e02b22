#include <latentcell/data/modality.hpp>

#include <cmath>

#include <latentcell/core/dense_counts.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("dense_modality: rows of NaN were not measured; negative numbers are refused") {
  Matrix<float> x(3, 2);
  x << 1, 0, std::nanf(""), 2, 0, 4;
  const Modality m = dense_modality("p", x);
  CHECK(m.measured == std::vector<char>{1, 0, 1});
  CHECK(m.features == std::vector<std::string>{"p_1", "p_2"});
  CHECK(m.counts.view().row_sum(0) == 1);
  CHECK(m.counts.view().row_sum(1) == 0);
  CHECK(m.counts.view().row_sum(2) == 4);
  x(0, 0) = -1;
  CHECK_THROWS_WITH(dense_modality("p", x), ContainsText("has -1 where a count"));
  CHECK_THROWS_WITH(dense_modality("p", x, {"one"}), ContainsText("2 columns but 1 names"));
}

TEST_CASE("select_features: some features, in the order that a modality has them; hide: none is measured") {
  const Modality m = dense_modality("p", Matrix<float>{{1, 2, 3, 4}, {5, 6, 7, 8}});
  const Modality two = select_features(m, {"p_2", "p_4"});
  CHECK(dense_counts(two.counts.view()) == Matrix<float>{{2, 4}, {6, 8}});
  CHECK(two.measured == m.measured);
  CHECK(hide(m).measured == std::vector<char>{0, 0});
  CHECK_THROWS_WITH(select_features(m, {"p_2", "other"}), ContainsText("modality 'p' has 1 of the 2 features"));
  CHECK_THROWS_WITH(select_features(m, {"p_4", "p_2"}), ContainsText("or in another order"));
}
