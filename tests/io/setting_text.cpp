#include <cstdint>
#include <cstring>
#include <limits>

#include <latentcell/io/setting_text.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

enum class Shade { light, dark };

template <class V>
V back(const V& value) {
  V out{};
  INFO(io::setting_text(value));
  REQUIRE(io::parse_setting(io::setting_text(value), out));
  return out;
}

template <class N>
void check_bits(N value) {
  const N out = back(value);
  CHECK(std::memcmp(&out, &value, sizeof value) == 0);
}

template <class V>
bool parses(std::string_view word) {
  V out{};
  return io::parse_setting(word, out);
}

}  // namespace

TEST_CASE("setting_text: numbers come back to the bit, NaN and infinity too") {
  for (const double x : {0.0, -0.0, 0.1, 1.0 / 3, -1e300, 5e-324, std::numeric_limits<double>::infinity(),
                         -std::numeric_limits<double>::infinity(), std::nan(""), -std::nan(""), std::nan("77")})
    check_bits(x);
  for (const float x : {0.0f, -0.0f, 0.1f, 1.0f / 3, 1e-45f, std::numeric_limits<float>::infinity(), std::nanf("5")})
    check_bits(x);
  check_bits(std::numeric_limits<std::uint64_t>::max());
  check_bits(std::numeric_limits<Index>::min());
  check_bits(-3);
  check_bits('+');
  check_bits(true);
  check_bits(false);
}

TEST_CASE("setting_text: enumerators go by name, lists and strings keep every character") {
  CHECK(io::setting_text(Shade::dark) == "dark");
  CHECK(back(Shade::light) == Shade::light);
  using Names = std::vector<std::string>;
  for (const Names& names :
       {Names{}, Names{""}, Names{"", ""}, Names{"a", "b\nc", "\\n", "\\", "\\\\n", "d\\"}, Names{"\n"}})
    CHECK(back(names) == names);
  CHECK(back(std::string("two\nlines \\n")) == "two\nlines \\n");
  CHECK(back(std::vector<Index>{128, -1}) == std::vector<Index>{128, -1});
  CHECK(back(std::vector<std::vector<Shade>>{{}, {Shade::dark, Shade::light}}).at(1).size() == 2);
  CHECK(back(std::optional<double>()) == std::optional<double>());
  CHECK(back(std::optional<double>(0.1)) == std::optional<double>(0.1));
}

TEST_CASE("setting_text: what is something else is refused") {
  CHECK_FALSE(parses<Index>("1.5"));
  CHECK_FALSE(parses<Index>(""));
  CHECK_FALSE(parses<Index>("12 "));
  CHECK_FALSE(parses<Index>("99999999999999999999"));
  CHECK_FALSE(parses<double>("1e"));
  CHECK_FALSE(parses<double>("nan:zz"));
  CHECK_FALSE(parses<float>("nan:3f800000"));  // the bits of 1
  CHECK_FALSE(parses<bool>("1"));
  CHECK_FALSE(parses<Shade>("Dark"));
  CHECK_FALSE(parses<std::vector<Index>>("1\n2"));
  CHECK_FALSE(parses<std::vector<Index>>("1\nx\n"));
  CHECK_FALSE(parses<std::vector<std::string>>("a\\b\n"));
  CHECK_FALSE(parses<std::vector<std::string>>("a\\\n"));
  CHECK_FALSE(parses<std::optional<Index>>("1\n2\n"));
}
