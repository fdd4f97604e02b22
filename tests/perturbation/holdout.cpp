#include <latentcell/perturbation/holdout.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

// Rows: 0 a none, 1 a drug, 2 b none, 3 b drug, 4 b other, 5 c drug, 6 ? drug, 7 a ?
Annotation obs() {
  Annotation out(8);
  out.set("type", Categorical{{"a", "b", "c"}, {0, 0, 1, 1, 1, 2, -1, 0}});
  out.set("what", Categorical{{"none", "drug", "other"}, {0, 1, 0, 1, 2, 1, 1, -1}});
  return out;
}

CellTable cells() {
  CellTable out;
  out.counts = Counts(2);
  for (Index i = 0; i < 8; ++i) {
    out.counts.push_row(std::vector<std::int32_t>{0}, std::vector<float>{float(i + 1)});
    out.cell_names.push_back(text("cell_", i));
  }
  out.gene_names = {"g1", "g2"};
  out.gene_columns = Annotation(2);
  out.cell_columns = obs();
  return out;
}

}  // namespace

TEST_CASE("hold_out_perturbed: the perturbed cells of a group are held out, its controls and other groups are not") {
  const PerturbationHoldout split = hold_out_perturbed(obs(), small_options(2), {"b"});
  CHECK(split.train == std::vector<Index>{0, 1, 2});
  REQUIRE(split.test.size() == 2);
  CHECK(split.test.at({"b", "drug"}) == std::vector<Index>{3});
  CHECK(split.test.at({"b", "other"}) == std::vector<Index>{4});
}

TEST_CASE("hold_out_perturbed: unlabelled cells and groups without controls are in neither part") {
  const PerturbationHoldout split = hold_out_perturbed(obs(), small_options(2), {});
  CHECK(split.train == std::vector<Index>{0, 1, 2, 3, 4});
  CHECK(split.test.empty());
  CHECK(split.unlabelled == 2);
  CHECK(split.without_control == std::set<std::string>{"c"});
  CHECK_THROWS_WITH(hold_out_perturbed(obs(), small_options(2), {"d"}), ContainsText("no level 'd'"));
}

TEST_CASE("hold_out_perturbed, select_condition: without a group column all cells are one group") {
  Options o = small_options(2);
  o.group = "";
  const PerturbationHoldout split = hold_out_perturbed(obs(), o, {"all"});
  CHECK(split.train == std::vector<Index>{0, 2});
  CHECK(split.test.at({"all", "drug"}) == std::vector<Index>{1, 3, 5, 6});
  CHECK(split.unlabelled == 1);
  CHECK(select_condition(cells(), o, "none", {"all"}).cell_names == std::vector<std::string>{"cell_0", "cell_2"});
}

TEST_CASE("select_condition: the cells of one condition in some groups, each of which must have one") {
  const Options o = small_options(2);
  CHECK(select_condition(cells(), o, "none", {}).cell_names == std::vector<std::string>{"cell_0", "cell_2"});
  CHECK(select_condition(cells(), o, "drug", {"b", "a"}).cell_names == std::vector<std::string>{"cell_1", "cell_3"});
  CHECK_THROWS_WITH(select_condition(cells(), o, "none", {"a", "c"}), ContainsText("group 'c' has 0 cells"));
  CHECK_THROWS_WITH(select_condition(cells(), o, "else", {}), ContainsText("0 cells are 'else'"));
  CHECK_THROWS_WITH(select_condition(cells(), o, "none", {"d"}), ContainsText("no level 'd'"));
}
