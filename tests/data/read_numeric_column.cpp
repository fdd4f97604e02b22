#include <latentcell/data/read_numeric_column.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("read_numeric_column: numbers, and labels that are numbers; ranges and words are refused by name") {
  Annotation obs(3);
  obs.set("number", std::vector<double>{1, 2, 4.5});
  obs.set("label", to_categorical(std::vector<std::string>{"3", "", "-12.5"}));
  CHECK(read_numeric_column(obs, "number") == std::vector<double>{1, 2, 4.5});
  const std::vector<double> label = read_numeric_column(obs, "label");
  CHECK(label[0] == 3);
  CHECK(std::isnan(label[1]));
  CHECK(label[2] == -12.5);
  for (const char* word : {"1-3", "> 2", "two", "1 ", "inf"}) {
    obs.set("bad", to_categorical(std::vector<std::string>{"1", word, "3"}));
    CHECK_THROWS_WITH(read_numeric_column(obs, "bad"), ContainsText(text("'", word, "' is no number")));
  }
  CHECK_THROWS_WITH(read_numeric_column(obs, "none"), ContainsText("no column 'none'"));
}
