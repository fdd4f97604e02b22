#include <latentcell/evaluate/evaluated_classes.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;

namespace {

using Names = std::vector<std::string>;

Categorical labels(const Names& levels, const std::vector<int>& cells) {
  Categorical out{levels, {}};
  for (std::size_t l = 0; l < levels.size(); ++l) out.codes.insert(out.codes.end(), std::size_t(cells[l]), int(l));
  return out;
}

}  // namespace

TEST_CASE("counts_by_code: negative codes are not counted") {
  CHECK(counts_by_code(std::vector<int>{0, 2, -1, 2}, 3) == std::vector<Index>{1, 0, 2});
}

TEST_CASE("evaluated_classes: what is rare, untrained, too few or not generated is left out and noted") {
  const Names levels = {"good", "rare", "untrained", "few", "missing"};
  const std::vector<Categorical> tables = {labels(levels, {10, 2, 0, 19, 12}), labels(levels, {10, 2, 20, 1, 13}),
                                           labels(levels, {4, 4, 4, 4, 0})};
  Names notes;
  Rng rng(1);
  const EvaluatedClasses out = evaluated_classes(tables, {.min_cells = 20}, rng, notes);
  CHECK(out.levels == Names{"good"});
  CHECK(out.missing == Names{"missing"});
  REQUIRE(out.codes.size() == 3);
  CHECK(counts_by_code(out.codes[0], 1) == std::vector<Index>{10});
  CHECK(counts_by_code(out.codes[1], 1) == std::vector<Index>{10});
  CHECK(counts_by_code(out.codes[2], 1) == std::vector<Index>{4});
  CHECK(notes == Names{"missing class: no generated cell is missing but 13 held-out cells are; the scores are of the "
                       "other classes",
                       "classes of fewer than 20 real cells: not evaluated: rare (4)",
                       "classes without training cells: not evaluated: untrained (20)",
                       "classes of fewer than two held-out cells: not evaluated: few (1)",
                       "12 generated cells are of no evaluated class: left out"});
}

TEST_CASE("evaluated_classes: without a generated table none is missing and nothing is said of it") {
  const Names levels = {"good", "rare"};
  const std::vector<Categorical> tables = {labels(levels, {10, 2}), labels(levels, {10, 2})};
  Names notes;
  Rng rng(1);
  const EvaluatedClasses out = evaluated_classes(tables, {.min_cells = 20}, rng, notes);
  CHECK(out.levels == Names{"good"});
  CHECK(out.missing.empty());
  REQUIRE(out.codes.size() == 2);
  CHECK(notes == Names{"classes of fewer than 20 real cells: not evaluated: rare (4)"});
}

TEST_CASE("evaluated_classes: codes follow the held-out cells' levels, whatever the other tables' order") {
  const std::vector<Categorical> tables = {labels({"b", "a"}, {30, 20}), labels({"a", "b"}, {5, 6}),
                                           labels({"x", "b", "a"}, {1, 2, 3})};
  Names notes;
  Rng rng(1);
  const EvaluatedClasses out = evaluated_classes(tables, {.min_cells = 1}, rng, notes);
  CHECK(out.levels == Names{"a", "b"});
  CHECK(counts_by_code(out.codes[0], 2) == std::vector<Index>{20, 30});
  CHECK(out.codes[2] == std::vector<int>{-1, 1, 1, 0, 0, 0});
}

TEST_CASE("evaluated_classes: of many held-out cells a random part with their label mix is used") {
  const Names levels = {"a", "b"};
  const std::vector<Categorical> tables = {labels(levels, {50, 50}), labels(levels, {150, 50}), labels(levels, {5, 5})};
  Names notes;
  Rng rng(1);
  const EvaluatedClasses out = evaluated_classes(tables, {.min_cells = 1, .most_cells = 40}, rng, notes);
  CHECK(counts_by_code(out.codes[1], 2) == std::vector<Index>{60, 20});
  CHECK(notes == Names{"a random 80 of 200 held-out cells are used"});
}

TEST_CASE("evaluated_classes: held-out cells without a label are left out and noted") {
  const Names levels = {"a"};
  std::vector<Categorical> tables = {labels(levels, {9}), labels(levels, {9}), labels(levels, {9})};
  tables[1].codes[4] = Categorical::missing;
  Names notes;
  Rng rng(1);
  const EvaluatedClasses out = evaluated_classes(tables, {.min_cells = 1}, rng, notes);
  CHECK(out.codes[1][4] == -1);
  CHECK(notes == Names{"1 held-out cells have no label: not evaluated"});
}
