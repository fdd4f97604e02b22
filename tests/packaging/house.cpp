#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

// Reads the sources and holds them against the habits of docs/design.md: the shape of a wing, the length of functions
// and programs, the words, and that nothing stands without a test.

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

const fs::path root = fs::path(LATENTCELL_TESTS_DIR).parent_path();
const Words wings{"generation", "perturbation", "trajectory", "multiomics", "spatial", "mapping"};

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> sources(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".hpp" || extension == ".cpp") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string place_of(const fs::path& path) { return fs::relative(path, root).generic_string(); }

/// The same text with comments, strings and preprocessor lines blanked; lines stay where they are.
std::string code_of(const std::string& text) {
  std::string out = text;
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t k = from; k < std::min(to, out.size()); ++k)
      if (out[k] != '\n') out[k] = ' ';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t start = i;
    if (text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size());
      blank(start, i);
    } else if (text.compare(i, 2, "/*") == 0) {
      i = std::min(text.find("*/", i), text.size()) + 1;
      blank(start, i + 1);
    } else if (text.compare(i, 3, "R\"(") == 0) {
      i = std::min(text.find(")\"", i), text.size()) + 1;
      blank(start, i + 1);
    } else if (text[i] == '"' ||
               (text[i] == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(text[i - 1]))))) {
      const char quote = text[i];
      for (++i; i < text.size() && text[i] != quote; ++i) i += std::size_t(text[i] == '\\');
      blank(start + 1, i);
    } else if (text[i] == '#' && text.find_last_not_of(" \t", i == 0 ? 0 : i - 1) != std::string::npos &&
               (i == 0 || text[text.find_last_not_of(" \t", i - 1)] == '\n')) {
      do {
        i = std::min(text.find('\n', i + 1), text.size());
      } while (i < text.size() && text[i - 1] == '\\');
      blank(start, i);
    }
  }
  return out;
}

struct Function {
  std::string name, parameters;
  int line = 0, lines = 0, count = 0;
};

/// Splits at commas that stand in no bracket.
Words split_list(const std::string& list) {
  Words out(1);
  int depth = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '(' || c == '[' || c == '{' || c == '<') ++depth;
    if (c == ')' || c == ']' || c == '}' || (c == '>' && i > 0 && list[i - 1] != '-')) --depth;
    if (c == ',' && depth == 0) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  if (std::all_of(out.back().begin(), out.back().end(), [](unsigned char c) { return std::isspace(c); }))
    out.pop_back();
  return out;
}

/// What stands before a `{`: the name and parameter list of a function, or an empty name.
Function function_of(const std::string& head) {
  static const std::regex other(
      R"(^\s*(template\s*<[^;{}]*>\s*)?(inline\s+)?(namespace|struct|class|enum|union|extern|using|concept)\b)");
  Function out;
  // Template heads may hold parentheses of requires clauses: leave them out first.
  std::string rest = head;
  static const std::regex with_requires(R"(requires\s*\()");
  if (std::regex_search(rest, std::regex(R"(\b(namespace|enum)\b)")) && rest.find('(') == std::string::npos) return out;
  int angle = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest.compare(i, 8, "template") == 0) {
      std::size_t k = rest.find('<', i);
      if (k == std::string::npos) break;
      angle = 0;
      do {
        if (rest[k] == '<') ++angle;
        if (rest[k] == '>' && rest[k - 1] != '-') --angle;
        ++k;
      } while (k < rest.size() && angle > 0);
      rest.erase(i, k - i);
      --i;
    }
  }
  std::smatch match;
  while (std::regex_search(rest, match, with_requires)) {
    std::size_t k = std::size_t(match.position(0)) + std::size_t(match.length(0)) - 1;
    int depth = 0;
    do {
      depth += rest[k] == '(' ? 1 : rest[k] == ')' ? -1 : 0;
      ++k;
    } while (k < rest.size() && depth > 0);
    rest.erase(std::size_t(match.position(0)), k - std::size_t(match.position(0)));
  }
  if (std::regex_search(rest, std::regex(R"(^\s*(inline\s+)?(namespace|struct|class|enum|union|using|concept)\b)")))
    return out;
  static const std::regex call(R"((operator\s*(\(\)|\[\]|[-+*/=<>!&|^~%]+|[\w:<>]+)|[A-Za-z_]\w*)\s*\()");
  auto from = rest.cbegin();
  while (std::regex_search(from, rest.cend(), match, call)) {
    const std::string name = match[1];
    const std::size_t open = std::size_t(match[0].second - rest.cbegin()) - 1;
    int depth = 0;
    std::size_t k = open;
    do {
      depth += rest[k] == '(' ? 1 : rest[k] == ')' ? -1 : 0;
      ++k;
    } while (k < rest.size() && depth > 0);
    if (name == "decltype" || name == "noexcept" || name == "alignas" || name == "__attribute__" ||
        name == "explicit") {
      from = rest.cbegin() + std::ptrdiff_t(k);
      continue;
    }
    if (rest.substr(0, open).find('=') != std::string::npos && name.rfind("operator", 0) != 0)
      return out;  // a lambda or value
    out.name = name;
    out.parameters = rest.substr(open + 1, k - open - 2);
    const Words list = split_list(out.parameters);
    // A pack at the end, of hooks, is no parameter that could be mistaken for another.
    out.count = int(list.size()) - (!list.empty() && list.back().find("...") != std::string::npos ? 1 : 0);
    return out;
  }
  return out;
}

/// Functions and members that are defined in a file, lambdas inside of them left out.
std::vector<Function> functions_of(const std::string& text) {
  const std::string code = code_of(text);
  std::vector<Function> out;
  std::vector<int> open;  // of each brace: index of the function it opens, or -1
  bool inside = false;
  std::size_t head = 0;
  int line = 1, parenthesis = 0, head_line = 1;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '\n') ++line;
    if (inside) {
      if (c == '{') open.push_back(-1);
      if (c == '}') {
        if (open.back() >= 0) {
          Function& f = out[std::size_t(open.back())];
          f.lines = line - f.line + 1;
          inside = false;
          head = i + 1;
          head_line = line;
        }
        open.pop_back();
      }
      continue;
    }
    if (c == '(') ++parenthesis;
    if (c == ')') --parenthesis;
    if (parenthesis > 0) continue;
    if (c == ';') head = i + 1, head_line = line;
    if (c == '}') {
      if (!open.empty()) open.pop_back();
      head = i + 1, head_line = line;
    }
    if (c == '{') {
      std::string before = code.substr(head, i - head);
      // A brace of a member's initialiser belongs to the head of its constructor.
      Function f = function_of(before);
      if (!f.name.empty() && code.find_first_not_of(" \t\n", i) != std::string::npos) {
        const std::size_t colon = before.find(") :");
        const bool initialiser = (colon != std::string::npos || before.find(")\n") != std::string::npos) &&
                                 !before.empty() && std::isalnum(static_cast<unsigned char>(before.back())) != 0 &&
                                 before.find(" : ") != std::string::npos;
        if (initialiser) {
          int depth = 0;
          do {
            depth += code[i] == '{' ? 1 : code[i] == '}' ? -1 : 0;
            if (code[i] == '\n') ++line;
            ++i;
          } while (i < code.size() && depth > 0);
          --i;
          continue;
        }
        const std::size_t first = before.find_first_not_of(" \t\n");
        f.line = head_line + int(std::count(before.begin(), before.begin() + std::ptrdiff_t(first), '\n'));
        open.push_back(int(out.size()));
        out.push_back(f);
        inside = true;
      } else {
        open.push_back(-1);
        head = i + 1, head_line = line;
      }
    }
  }
  return out;
}

bool in_kernel(const fs::path& path) { return place_of(path).rfind("include/latentcell/kernel/", 0) == 0; }

std::vector<fs::path> measured_sources() {
  std::vector<fs::path> out;
  for (const char* folder : {"include", "examples"}) {
    for (const fs::path& path : sources(root / folder)) {
      if (!in_kernel(path)) out.push_back(path);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("house: every wing has the files that all wings have") {
  Words missing;
  for (const std::string& wing : wings) {
    for (const char* file : {"model", "fit", "predict", "evaluate", "io", "holdout"}) {
      const fs::path path = root / "include/latentcell" / wing / (std::string(file) + ".hpp");
      if (!fs::exists(path)) missing.push_back(place_of(path));
    }
    const fs::path umbrella = root / "include/latentcell" / wing / (wing + ".hpp");
    if (!fs::exists(umbrella)) missing.push_back(place_of(umbrella));
  }
  CHECK(missing == Words{});
  CHECK_FALSE(fs::exists(root / "include/latentcell/pipeline"));
}

TEST_CASE("house: every header of a wing, of latent, conformal and evaluate has a test of its own path") {
  Words missing;
  Words rooms = wings;
  rooms.insert(rooms.end(), {"latent", "conformal", "evaluate"});
  for (const std::string& room : rooms) {
    for (const fs::path& header : sources(root / "include/latentcell" / room)) {
      if (header.stem() == room) continue;  // the umbrella
      const fs::path test =
          root / "tests" / fs::relative(header, root / "include/latentcell").replace_extension(".cpp");
      if (!fs::exists(test)) missing.push_back(place_of(test));
    }
  }
  CHECK(missing == Words{});
}

TEST_CASE("house: programs are pages of public calls") {
  Words wrong;
  for (const fs::path& path : sources(root / "examples")) {
    const std::string text = text_of(path);
    if (text.find("detail::") != std::string::npos) wrong.push_back(place_of(path) + " names detail::");
    const auto lines = std::count(text.begin(), text.end(), '\n');
    if (path.parent_path().filename() == "programs" && lines > 150)
      wrong.push_back(place_of(path) + " has " + std::to_string(lines) + " lines");
  }
  CHECK(wrong == Words{});
}

TEST_CASE("house: above train, a detail is named in the header that owns it alone") {
  const std::regex named(R"(\bdetail::(\w+))"), block(R"(namespace (\w+::)*detail \{)"), word(R"(\w+)");
  Words rooms = wings, wrong;
  rooms.insert(rooms.end(), {"latent", "conformal", "evaluate"});
  std::size_t owned = 0;
  for (const std::string& room : rooms) {
    for (const fs::path& path : sources(root / "include/latentcell" / room)) {
      const std::string code = code_of(text_of(path));
      std::set<std::string> own;
      for (std::sregex_iterator at(code.begin(), code.end(), block), end; at != end; ++at) {
        std::size_t k = std::size_t(at->position()) + std::size_t(at->length());
        for (int depth = 1; k < code.size() && depth > 0; ++k) depth += code[k] == '{' ? 1 : code[k] == '}' ? -1 : 0;
        const std::string body = code.substr(std::size_t(at->position()), k - std::size_t(at->position()));
        for (std::sregex_iterator w(body.begin(), body.end(), word), none; w != none; ++w) own.insert(w->str());
      }
      for (std::sregex_iterator at(code.begin(), code.end(), named), end; at != end; ++at) {
        ++owned;
        if (own.count((*at)[1]) == 0) wrong.push_back(place_of(path) + ": " + at->str());
      }
    }
  }
  CHECK(owned > 50);
  CHECK(wrong == Words{});
}

TEST_CASE("house: functions outside kernel have at most 60 lines and 6 parameters, none of them a bool") {
  const std::regex boolean(R"(^\s*(const\s+)?bool\b[^&*(]*$)");
  Words wrong;
  std::size_t all = 0;
  for (const fs::path& path : measured_sources()) {
    for (const Function& f : functions_of(text_of(path))) {
      ++all;
      const std::string where = place_of(path) + ":" + std::to_string(f.line) + " " + f.name;
      if (f.lines > 60) wrong.push_back(where + " has " + std::to_string(f.lines) + " lines");
      // HDF5 says what a conversion takes.
      if (f.count > 6 && f.name != "keep_references")
        wrong.push_back(where + " has " + std::to_string(f.count) + " parameters");
      // An operator, and the conversion of a bool to text, take the bool as their subject.
      if (f.name.rfind("operator", 0) == 0 || f.name == "TextPart") continue;
      for (const std::string& parameter : split_list(f.parameters)) {
        if (std::regex_search(parameter.substr(0, parameter.find('=')), boolean))
          wrong.push_back(where + " takes" + parameter);
      }
    }
  }
  CHECK(all > 500);
  for (const std::string& w : wrong) UNSCOPED_INFO(w);
  CHECK(wrong.size() == 0);
}

TEST_CASE("house: the functions of a file are found, with their lines and parameters") {
  const auto found = functions_of(
      "namespace a {\nstruct S {\n  S(int x) : y{x}, z(x) { y = 1; }\n  template <class F>\n  void f(int a, "
      "std::map<int, int> b = {}) const {\n"
      "    for (;;) { g([](int q) { return q; }); }\n  }\n  int y{0};\n};\ninline auto h(bool c) -> int { return c; }\n"
      "constexpr auto l = [](int a, int b) { return a + b; };\n}\n");
  REQUIRE(found.size() == 3);
  CHECK(found[0].name == "S");
  CHECK(found[0].count == 1);
  CHECK(found[0].lines == 1);
  CHECK(found[1].name == "f");
  CHECK(found[1].count == 2);
  CHECK(found[1].lines == 4);
  CHECK(found[2].name == "h");
  CHECK(found[2].parameters == "bool c");
}

TEST_CASE("house: retired words stay away") {
  // tests/packaging/retired_words.txt: a word and what stands in its place, one a line.
  std::map<std::string, std::string> retired;
  std::istringstream list(text_of(root / "tests/packaging/retired_words.txt"));
  for (std::string line; std::getline(list, line);) {
    const std::size_t blank = line.find(' ');
    if (!line.empty() && line[0] != '#')
      retired[line.substr(0, blank)] = blank == std::string::npos ? "" : line.substr(blank + 1);
  }
  REQUIRE(retired.size() > 50);
  std::map<std::string, int> found;
  Words wrong;
  for (const char* folder : {"include", "examples"}) {
    for (const fs::path& path : sources(root / folder)) {
      const std::string text = text_of(path);
      for (std::size_t i = 0; i < text.size();) {
        if (std::isalpha(static_cast<unsigned char>(text[i])) == 0 && text[i] != '_') {
          ++i;
          continue;
        }
        std::size_t end = i;
        while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
          ++end;
        const auto word = retired.find(text.substr(i, end - i));
        if (word != retired.end()) {
          ++found[word->first];
          wrong.push_back(place_of(path) + ":" +
                          std::to_string(1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(i), '\n')) +
                          " says " + word->first + ", not " + word->second);
        }
        i = end;
      }
    }
  }
  for (const std::string& w : wrong) UNSCOPED_INFO(w);
  CHECK(wrong.size() == 0);
}

TEST_CASE("house: a line of shapes holds shapes alone") {
  const std::string item = R"((\w+(, \w+)* )?\(([^()]|\([^()]*\))+\))";
  const std::regex shapes(R"( *\/\/\/ shapes: (-> )?)" + item + "((, | -> )" + item + ")*");
  Words wrong;
  int found = 0;
  for (const fs::path& path : sources(root / "include")) {
    std::istringstream lines(text_of(path));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.find(" shapes: ") == std::string::npos) continue;
      ++found;
      if (!std::regex_match(line, shapes)) wrong.push_back(place_of(path) + ":" + std::to_string(number) + line);
    }
  }
  CHECK(found > 20);
  CHECK(wrong == Words{});
}

TEST_CASE("house: every struct of options lists its members with a static visit") {
  const std::regex options(R"(\bstruct (\w*Options(Of)?)\s*\{)");
  Words missing;
  int found = 0;
  for (const fs::path& path : sources(root / "include")) {
    const std::string code = code_of(text_of(path));
    for (std::sregex_iterator at(code.begin(), code.end(), options), end; at != end; ++at) {
      ++found;
      const std::size_t first = std::size_t(at->position()) + std::size_t(at->length());
      std::size_t k = first;
      for (int depth = 1; k < code.size() && depth > 0; ++k) depth += code[k] == '{' ? 1 : code[k] == '}' ? -1 : 0;
      if (code.substr(first, k - first).find("static void visit(auto& self, auto&& f)") == std::string::npos)
        missing.push_back(place_of(path) + ": " + (*at)[1].str());
    }
  }
  CHECK(found > 80);
  CHECK(missing == Words{});
}

TEST_CASE("house: every operation is in the list of cases") {
  const std::string cases = text_of(root / "tests/support/op_cases.hpp");
  const std::regex operation(R"(\n(?:inline )?Var<T> ([a-z_0-9]+)\()");
  Words missing;
  std::set<std::string> all;
  for (const fs::path& path : sources(root / "include/latentcell/op")) {
    std::string code = code_of(text_of(path));
    for (std::size_t at = code.find("namespace detail {"); at != std::string::npos;
         at = code.find("namespace detail {")) {
      std::size_t k = code.find('{', at);
      int depth = 0;
      do {
        depth += code[k] == '{' ? 1 : code[k] == '}' ? -1 : 0;
        ++k;
      } while (k < code.size() && depth > 0);
      code.erase(at, k - at);
    }
    for (std::sregex_iterator at(code.begin(), code.end(), operation), end; at != end; ++at) {
      const std::string name = (*at)[1];
      all.insert(name);
      if (!std::regex_search(cases, std::regex("\\b" + name + "(<double>)?\\("))) missing.push_back(name);
    }
  }
  CHECK(all.size() > 35);
  CHECK(missing == Words{});
}

TEST_CASE("house: the umbrella is for a first program: all models to choose from, no kernels, operations or files") {
  const std::string umbrella = text_of(root / "include/latentcell/latentcell.hpp");
  for (const char* room : {"kernel/", "op/", "nn/", "io/", "transport/", "metric/", "evaluate/"}) {
    CAPTURE(room);
    CHECK(umbrella.find("#include <latentcell/" + std::string(room)) == std::string::npos);
  }
  for (const char* header : {"autoencoder/vae", "autoencoder/vq_vae", "autoencoder/vq_gan", "backbone/dit",
                             "backbone/latent_unet", "backbone/residual_mlp", "flow/ddpm", "flow/rectified_flow",
                             "condition/continuous_covariate", "latent/latent_flow", "latent/encode"}) {
    CAPTURE(header);
    CHECK(umbrella.find("#include <latentcell/" + std::string(header) + ".hpp>") != std::string::npos);
  }
}
