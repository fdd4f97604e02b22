#include <latentcell/core/enum_name.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {
enum class Shade { light, very_dark, off };
}

TEST_CASE("enum_name: enumerators and their names are one to one") {
  CHECK(enum_name(Shade::light) == "light");
  CHECK(enum_name(Shade::very_dark) == "very_dark");
  CHECK(enum_value<Shade>("off") == Shade::off);
  CHECK(enum_names<Shade>() == "light, very_dark, off");
}

TEST_CASE("enum_name: what is no enumerator has no name") {
  CHECK(enum_name(Shade(3)).empty());
  CHECK(enum_name(Shade(-1)).empty());
  CHECK(enum_name(Shade(1000)).empty());
  CHECK_FALSE(enum_value<Shade>("dark").has_value());
  CHECK_FALSE(enum_value<Shade>("").has_value());
}
