#include <latentcell/data/read_times.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("read_times: numbers, labels, ranges; anything else by name") {
  Annotation obs(4);
  obs.set("number", std::vector<double>{1, 2, 3, 4.5});
  obs.set("label", to_categorical(std::vector<std::string>{"270-330", "", "> 650", "12.5"}));
  obs.set("bad", to_categorical(std::vector<std::string>{"1", "day two", "3", "4"}));
  CHECK(read_times(obs, "number") == std::vector<double>{1, 2, 3, 4.5});
  const std::vector<double> label = read_times(obs, "label");
  CHECK(label[0] == 300);
  CHECK(std::isnan(label[1]));
  CHECK(label[2] == 650);
  CHECK(label[3] == 12.5);
  CHECK_THROWS_WITH(read_times(obs, "bad"), ContainsText("'day two' is neither a number nor a range"));
  CHECK_THROWS_WITH(read_times(obs, "none"), ContainsText("no column 'none'"));
}
