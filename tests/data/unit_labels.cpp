#include <string>
#include <vector>

#include <latentcell/data/read_times.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("split_units: one unit for all labels, before or after the number") {
  const auto numbers = [](const std::vector<std::string>& labels) {
    const auto split = split_units(labels);
    return split ? split->numbers : std::vector<std::string>{};
  };
  CHECK(numbers({"E7.5", "E8.0"}) == std::vector<std::string>{"7.5", "8.0"});
  CHECK(numbers({"day 3", "day 10"}) == std::vector<std::string>{"3", "10"});
  CHECK(numbers({"0h", "24h", "0"}) == std::vector<std::string>{"0", "24", "0"});
  CHECK(numbers({"10 uM", "0.1 uM", "1e-3 uM"}) == std::vector<std::string>{"10", "0.1", "1e-3"});
  CHECK(numbers({"5 \xC2\xB5M"}) == std::vector<std::string>{"5"});
  CHECK(numbers({"E7.5", "P4"}).empty());  // days before and after birth
  CHECK(numbers({"24h", "3d"}).empty());   // hours and days
  CHECK(numbers({"24h", "3"}).empty());    // three of what?
  CHECK(numbers({"1", "2"}).empty());
  CHECK(numbers({"day_3", "day_10"}) == std::vector<std::string>{"3", "10"});
  CHECK(numbers({"type_1", "type_2"}).empty());  // names of things, not numbers of a unit
  CHECK(numbers({"batch 1", "batch 2"}).empty());
  CHECK(numbers({"control", "24h"}).empty());
}

TEST_CASE("read_times and read_numeric_column: labels with a unit") {
  Annotation obs(3);
  obs.set("stage", to_categorical(std::vector<std::string>{"E7.5", "", "E8.25"}));
  obs.set("range", to_categorical(std::vector<std::string>{"0-2h", "2-4h", "10h"}));
  obs.set("dose", to_categorical(std::vector<std::string>{"10 uM", "0", "0.5 uM"}));
  obs.set("mixed", to_categorical(std::vector<std::string>{"10 uM", "0", "500 nM"}));
  CHECK(read_times(obs, "stage")[0] == 7.5);
  CHECK(read_times(obs, "stage")[2] == 8.25);
  CHECK(read_times(obs, "range") == std::vector<double>{1, 3, 10});
  CHECK(read_numeric_column(obs, "dose") == std::vector<double>{10, 0, 0.5});
  CHECK_THROWS_WITH(read_numeric_column(obs, "mixed"), ContainsText("'10 uM' is no number"));
}
