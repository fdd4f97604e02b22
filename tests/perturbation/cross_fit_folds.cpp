#include <latentcell/perturbation/cross_fit_folds.hpp>

#include <set>

#include "support/perturbation_options.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

// Groups a1, a2 and b1, b2, similar in pairs, and one of too few cells.
CellTable pairs() {
  CellTable out;
  out.counts = Counts(4);
  std::vector<std::string> type, what;
  const auto add = [&](const std::string& name, std::vector<float> x, Index cells) {
    for (Index i = 0; i < cells; ++i) {
      for (const char* condition : {"none", "drug"}) {
        out.counts.push_row(std::vector<std::int32_t>{0, 1, 2, 3}, x);
        type.push_back(name);
        what.push_back(condition);
      }
    }
  };
  add("a1", {9, 1, 1, 1}, 40);
  add("a2", {8, 1, 1, 2}, 30);
  add("b1", {1, 9, 3, 1}, 35);
  add("b2", {1, 8, 3, 2}, 25);
  add("rare", {1, 1, 1, 9}, 5);
  for (std::size_t i = 0; i < type.size(); ++i) out.cell_names.push_back(text("cell_", i));
  out.gene_names = {"g1", "g2", "g3", "g4"};
  out.gene_columns = Annotation(4);
  out.cell_columns = labelled("type", to_categorical(type));
  out.cell_columns.set("what", to_categorical(what));
  return out;
}

}  // namespace

TEST_CASE("cross_fit_folds: every group of enough cells is in one fold, and similar groups in different ones") {
  const CellTable cells = pairs();
  const Options o = small_options(4);
  const auto folds = cross_fit_folds(cells, o, 2);
  REQUIRE(folds.size() == 2);
  std::multiset<std::string> all;
  for (const auto& fold : folds) {
    CHECK(fold.size() == 2);
    CHECK(std::set<char>{fold[0][0], fold[1][0]} == std::set<char>{'a', 'b'});
    all.insert(fold.begin(), fold.end());
  }
  CHECK(all == std::multiset<std::string>{"a1", "a2", "b1", "b2"});
  CHECK(cross_fit_folds(cells, o, 9).size() == 4);
  CHECK(cross_fit_folds(cells, o, 0).empty());
  CHECK(cross_fit_folds(cells, o, 2, 35).size() == 2);  // two groups, one in each
  CHECK(cross_fit_folds(cells, o, 2, 40).empty());      // one group is too few
  CHECK(cross_fit_folds(cells, o, 2, 5).size() == 2);
  CHECK_THROWS_WITH(cross_fit_folds(cells, o, -1), ContainsText("folds -1 must be at least 0"));
}

TEST_CASE("cross_fit_folds: without_treated removes the perturbed cells of the named groups, and no others") {
  const CellTable cells = pairs(), left = without_treated(cells, small_options(4), {"a1", "b2"});
  CHECK(left.cells() == cells.cells() - 40 - 25);
  const Categorical type = left.obs("type"), what = left.obs("what");
  for (Index i = 0; i < left.cells(); ++i) {
    const std::string& name = type.levels[std::size_t(type.codes[to_size(i)])];
    if (name == "a1" || name == "b2") CHECK(what.levels[std::size_t(what.codes[to_size(i)])] == "none");
  }
}

TEST_CASE("cross_fit_cells: every perturbed cell is in one fold, each group in equal parts") {
  const CellTable cells = pairs();
  const Options o = small_options(4);
  Rng one(3), two(3);
  const auto folds = cross_fit_cells(cells, o, 3, one);
  REQUIRE(folds.size() == 3);
  CHECK(folds == cross_fit_cells(cells, o, 3, two));
  const Categorical type = cells.obs("type"), what = cells.obs("what");
  std::multiset<Index> all;
  for (const auto& fold : folds) {
    CHECK(std::is_sorted(fold.begin(), fold.end()));
    all.insert(fold.begin(), fold.end());
    Index of_first = 0;
    for (const Index i : fold) {
      CHECK(what.levels[std::size_t(what.codes[to_size(i)])] == "drug");
      of_first += type.levels[std::size_t(type.codes[to_size(i)])] == "a1" ? 1 : 0;
    }
    CHECK((of_first == 13 || of_first == 14));
    CHECK(without_cells(cells, fold).cells() == cells.cells() - Index(fold.size()));
  }
  CHECK(all.size() == 135);
  CHECK(std::set<Index>(all.begin(), all.end()).size() == 135);
  CHECK(cross_fit_cells(cells, o, 1, one).empty());
  CHECK(cross_fit_cells(cells, o, 3, one, 46).empty());  // 135 cells are fewer than 3 times 46
  CHECK_THROWS_WITH(cross_fit_cells(cells, o, -1, one), ContainsText("folds -1 must be at least 0"));
}
