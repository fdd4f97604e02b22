#include <latentcell/latent/condition_value.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("ConditionValue: texts, numbers and vectors keep their kind") {
  const ConditionValues values{{"type", "a"}, {"dose", 3}, {"time", 0.5f}, {"place", std::vector<float>{1, 2}}};
  CHECK(*values.at("type").text() == "a");
  CHECK(*values.at("dose").number() == 3.0);
  CHECK(*values.at("time").number() == 0.5);
  CHECK(values.at("place").numbers()->size() == 2);
  CHECK(values.at("dose").text() == nullptr);
  CHECK(values.at("type").number() == nullptr);
}
