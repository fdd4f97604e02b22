// Holds the report of a program against docs/report.schema.json: check_report SCHEMA REPORT. Prints what is wrong, with
// its place, and ends with 1. Besides the schema: no key has a blank, numbers have at most six digits, and a list of
// numbers is on one line.

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::json;

/// The part of JSON Schema (2020-12) that the schema uses; other keywords are refused.
class Schema {
 public:
  explicit Schema(const Json& root) : root_(root) {}

  std::vector<std::string> faults(const Json& value) {
    faults_.clear();
    check(root_, value, "");
    return faults_;
  }

 private:
  void fail(const std::string& place, const std::string& what) { faults_.push_back(place + ": " + what); }

  static bool is_of(const std::string& type, const Json& v) {
    if (type == "object") return v.is_object();
    if (type == "array") return v.is_array();
    if (type == "string") return v.is_string();
    if (type == "integer") return v.is_number_integer();
    if (type == "number") return v.is_number();
    if (type == "boolean") return v.is_boolean();
    return type == "null" && v.is_null();
  }

  void check(const Json& schema, const Json& value, const std::string& place) {
    for (const auto& [word, of] : schema.items()) {
      if (word == "$ref") {
        check(root_.at(Json::json_pointer(of.get<std::string>().substr(1))), value, place);
      } else if (word == "type") {
        bool good = false;
        for (const Json& type : of.is_array() ? of : Json::array({of})) good = good || is_of(type, value);
        if (!good) fail(place, "is " + std::string(value.type_name()) + ", not " + of.dump());
      } else if (word == "enum") {
        if (std::find(of.begin(), of.end(), value) == of.end()) fail(place, value.dump() + " is none of " + of.dump());
      } else if (word == "minimum") {
        if (value.is_number() && value.get<double>() < of.get<double>()) fail(place, "is below " + of.dump());
      } else if (word == "required") {
        for (const Json& key : of) {
          if (value.is_object() && !value.contains(key.get<std::string>())) fail(place, "has no " + key.dump());
        }
      } else if (word == "anyOf") {
        check_any(of, value, place);
      } else if (word == "items") {
        for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
          check(of, value[i], place + "/" + std::to_string(i));
      } else if (word == "propertyNames") {
        const std::regex pattern(of.at("pattern").get<std::string>());
        for (const auto& [key, member] : value.items()) {
          if (!std::regex_match(key, pattern)) fail(place, "has the key '" + key + "'");
        }
      } else if (word == "properties" || word == "additionalProperties") {
        check_members(schema, word, value, place);
      } else if (word != "$schema" && word != "$defs" && word != "title") {
        fail(place, "the schema's '" + word + "' is not known here");
      }
    }
  }

  void check_any(const Json& schemas, const Json& value, const std::string& place) {
    const std::vector<std::string> before = faults_;
    for (const Json& schema : schemas) {
      faults_ = before;
      check(schema, value, place);
      if (faults_.size() == before.size()) return;
    }
  }

  void check_members(const Json& schema, const std::string& word, const Json& value, const std::string& place) {
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.items()) {
      const bool named = schema.contains("properties") && schema["properties"].contains(key);
      if (named == (word == "additionalProperties")) continue;
      const Json& of = named ? schema["properties"][key] : schema.value(word, Json(true));
      if (of == Json(false)) fail(place, "has '" + key + "', which is not in the schema");
      if (of.is_object()) check(of, member, place + "/" + key);
    }
  }

  const Json& root_;
  std::vector<std::string> faults_;
};

std::string text_of(const char* path) {
  std::ifstream in(path);
  if (!in) std::fprintf(stderr, "%s: cannot be read\n", path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void check_keys(const Json& value, std::vector<std::string>& faults) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      if (key.find(' ') != std::string::npos) faults.push_back("the key '" + key + "' has a blank");
    }
  }
  if (value.is_structured()) {
    for (const Json& member : value) check_keys(member, faults);
  }
}

/// Numbers with more than six digits before the exponent, except whole ones; lines that are a lone number of a list.
void check_text(const std::string& text, std::vector<std::string>& faults) {
  static const std::regex words("\"(\\\\.|[^\"\\\\])*\""), number("-?[0-9]+\\.[0-9]+"), lone("\n *-?[0-9.e+-]+,?\n");
  const std::string bare = std::regex_replace(text, words, "\"\"");
  for (std::sregex_iterator at(bare.begin(), bare.end(), number), end; at != end; ++at) {
    std::string digits;
    for (const char c : at->str()) {
      if (std::isdigit(static_cast<unsigned char>(c)) != 0) digits += c;
    }
    digits.erase(0, digits.find_first_not_of('0'));
    if (digits.size() > 6) faults.push_back("the number " + at->str() + " has more than six digits");
  }
  if (std::regex_search(bare, lone)) faults.push_back("a list of numbers has a line for each");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string text = text_of(argv[2]);
  const Json schema = Json::parse(text_of(argv[1])), report = Json::parse(text, nullptr, false);
  if (report.is_discarded()) {
    std::printf("WRONG: %s is no JSON\n", argv[2]);
    return 1;
  }
  std::vector<std::string> faults = Schema(schema).faults(report);
  check_keys(report, faults);
  check_text(text, faults);
  for (const std::string& fault : faults) std::printf("WRONG: %s %s\n", argv[2], fault.c_str());
  return faults.empty() ? 0 : 1;
}
