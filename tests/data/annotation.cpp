#include <latentcell/data/annotation.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("to_categorical: levels in order of appearance, empty strings are missing") {
  const std::vector<std::string> values{"b", "a", "", "b"};
  const Categorical c = to_categorical(values);
  CHECK(c.levels == std::vector<std::string>{"b", "a"});
  CHECK(c.codes == std::vector<int>{0, 1, Categorical::missing, 0});
  CHECK(c.count(0) == 2);
  CHECK(c.code_of("a") == 1);
}

TEST_CASE("Categorical: an unknown level is answered with the list") {
  const Categorical c{{"NK", "B"}, {0, 1}};
  REQUIRE_THROWS_WITH(c.code_of("T"), ContainsText("no level 'T'; there are NK, B"));
  REQUIRE_THROWS_WITH(Categorical{}.code_of("T"), ContainsText("there are none"));
}

TEST_CASE("Annotation: columns are found by name, replaced by name, kept in order") {
  Annotation a(2);
  a.set("z", std::vector<double>{1, 2});
  a.set("a", std::vector<std::string>{"x", "y"});
  a.set("z", std::vector<double>{3, 4});
  CHECK(a.list() == "z, a");
  CHECK(std::get<std::vector<double>>(a.get("z"))[0] == 3);
  CHECK(a.has("a"));
  CHECK(!a.has("b"));
  REQUIRE_THROWS_WITH(a.get("b"), ContainsText("no column 'b'; there are z, a"));
  REQUIRE_THROWS_WITH(a.set("c", std::vector<double>{1}),
                      ContainsText("column 'c' has 1 entries but the table has 2 rows"));
}

TEST_CASE("Annotation: labels are categorical or strings, not numbers") {
  Annotation a(2);
  a.set("type", Categorical{{"u", "v"}, {1, 0}});
  a.set("name", std::vector<std::string>{"x", "x"});
  a.set("age", std::vector<double>{1, 2.5});
  CHECK(a.labels("type").codes == std::vector<int>{1, 0});
  CHECK(a.labels("name").levels == std::vector<std::string>{"x"});
  REQUIRE_THROWS_WITH(a.labels("age"), ContainsText("column 'age' holds numbers, not labels"));
}

TEST_CASE("Annotation: selecting rows keeps all levels") {
  Annotation a(3);
  a.set("type", Categorical{{"u", "v"}, {1, 0, -1}});
  a.set("name", std::vector<std::string>{"x", "y", "z"});
  const std::vector<Index> rows{2, 0, 0};
  const Annotation part = a.select(rows);
  CHECK(part.rows() == 3);
  CHECK(part.labels("type").codes == std::vector<int>{-1, 1, 1});
  CHECK(part.labels("type").levels.size() == 2);
  CHECK(std::get<std::vector<std::string>>(part.get("name")) == std::vector<std::string>{"z", "x", "x"});
}
