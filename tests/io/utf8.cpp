#include <string>

#include <latentcell/io/utf8.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("is_utf8: whole characters alone, none of them written longer than it need be") {
  for (const char* good : {"", "a", "\xC3\xA4", "\xE6\x97\xA5", "\xF0\x9F\x98\x80", "\xED\x9F\xBF"})
    CHECK(io::is_utf8(good));
  for (const char* bad :
       {"\xE4", "\xC3", "a\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80"})
    CHECK_FALSE(io::is_utf8(bad));
}

TEST_CASE("make_utf8: other bytes are Latin-1") {
  std::string name = "\xB5-opioid \xE9";
  CHECK(io::make_utf8(name));
  CHECK(name == "\xC2\xB5-opioid \xC3\xA9");
  CHECK_FALSE(io::make_utf8(name));
}
