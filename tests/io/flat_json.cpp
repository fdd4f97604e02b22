#include <latentcell/io/flat_json.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Keys and strings of one flat object.
std::vector<std::pair<std::string, std::string>> read(std::string_view source) {
  std::vector<std::pair<std::string, std::string>> out;
  io::FlatJson json("file", source);
  json.object([&](const std::string& key) { out.emplace_back(key, json.string()); });
  json.end();
  return out;
}

}  // namespace

TEST_CASE("json_quote and FlatJson: any string comes back") {
  for (const std::string& s :
       {std::string("plain"), std::string("a \"b\" \\ c"), std::string("line\nand\ttab"), std::string("\x01\x1f"),
        std::string("Gr\xc3\xb6\xc3\x9f"
                    "e"),
        std::string()}) {
    const auto got = read("{" + io::json_quote(s) + ":" + io::json_quote(s) + "}");
    REQUIRE(got.size() == 1);
    CHECK(got[0].first == s);
    CHECK(got[0].second == s);
  }
}

TEST_CASE("FlatJson: escapes are what JSON says, beyond the first plane too") {
  CHECK(read(R"({"k": "\u0041\/\b\f\r"})")[0].second == "A/\b\f\r");
  CHECK(read(R"({"k": "\u00df\u20AC\ud83e\uDDEC"})")[0].second == "\xc3\x9f\xe2\x82\xac\xf0\x9f\xa7\xac");
}

TEST_CASE("FlatJson: lists of whole numbers, white space anywhere, nothing afterwards") {
  io::FlatJson json("file", " { \"a\" : [ 1 , 23,456 ] , \"b\":[] } \n");
  std::vector<std::vector<std::uint64_t>> lists;
  json.object([&](const std::string&) { lists.push_back(json.numbers()); });
  json.end();
  CHECK(lists == std::vector<std::vector<std::uint64_t>>{{1, 23, 456}, {}});
  io::FlatJson more("file", "{} x");
  more.object([](const std::string&) {});
  CHECK_THROWS_WITH(more.end(), ContainsText("something follows the header"));
}

TEST_CASE("FlatJson: damage is named with file and position, whatever it is") {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "'{' was expected at byte 0"},
      {"{\"a\"", "':' was expected"},
      {"{\"a", "a string without an end"},
      {"{\"a\": \"b\" \"c\"", "'}' was expected"},
      {"{\"a\": \"\\x\"}", "an unknown escape"},
      {"{\"a\": \"\\u12\"}", "\\u escape"},
      {"{\"a\": \"\\u12g4\"}", "not hexadecimal"},
      {"{\"a\": \"\\ud83e\"}", "half of a surrogate pair"},
      {"{\"a\": \"\\ud83e\\u0041\"}", "half of a surrogate pair"},
      {"{\"a\": \"\\udDEC\"}", "half of a surrogate pair"},
      {"{\"a\": \"\n\"}", "a control character"},
      {"{\"a\": \"\\", "a string without an end"},
  };
  for (const auto& [source, what] : wrong) {
    INFO(source);
    CHECK_THROWS_WITH(read(source), ContainsText("file: not a safetensors header") && ContainsText(what));
  }
  for (const char* list : {"[", "[1", "[1,", "[-1]", "[1.5]", "[99999999999999999999]", "[a]"}) {
    INFO(list);
    io::FlatJson json("file", list);
    CHECK_THROWS_AS(json.numbers(), std::runtime_error);
  }
  // Every beginning of a good header is damage.
  const std::string good = R"({"a":"\u00df","b":"c"})";
  for (std::size_t n = 0; n < good.size(); ++n)
    CHECK_THROWS_AS(read(std::string_view(good).substr(0, n)), std::runtime_error);
  CHECK(read(good).size() == 2);
}
