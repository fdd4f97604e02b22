#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <latentcell/io/safetensors.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using io::SafeTensors;

namespace {

// A folder of its own for each test, gone at its end.
struct Folder {
  std::filesystem::path path;
  Folder() {
    static int count = 0;
    path = std::filesystem::temp_directory_path() / text("latentcell_safetensors_", long(::getpid()), "_", count++);
    std::filesystem::create_directories(path);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  int files() const {
    return int(std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()));
  }
};

SafeTensors made() {
  SafeTensors out;
  const float f[] = {1, -2.5f, 3e-38f, 4, 5, 6};
  const double d[] = {0.1, -1e300};
  const std::int64_t n[] = {-1, std::int64_t(1) << 62};
  out.add("a.weight", f, {2, 3});
  out.add("a.empty", f, {0, 5});
  out.add("b \"quoted\" \\ \n \xC3\xA9", d, {2});
  out.add("steps", n, {2, 1, 1});
  out.metadata["key"] = "value with \"quotes\", \\ and a line\nbreak, \t and \x01";
  out.metadata["other"] = "";
  return out;
}

void check_same(const SafeTensors& a, const SafeTensors& b) {
  CHECK(a.metadata == b.metadata);
  REQUIRE(a.tensors.size() == b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    CHECK(a.tensors[i].name == b.tensors[i].name);
    CHECK(a.tensors[i].type == b.tensors[i].type);
    CHECK(a.tensors[i].shape == b.tensors[i].shape);
    CHECK(a.tensors[i].bytes == b.tensors[i].bytes);
  }
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void spill(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
}
std::string with_header(const std::string& header, const std::string& data = "") {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

}  // namespace

TEST_CASE("safetensors: what is written is read") {
  const Folder folder;
  const SafeTensors content = made();
  io::save_safetensors(folder / "a.safetensors", content);
  check_same(io::load_safetensors(folder / "a.safetensors"), content);
  CHECK(content.find("steps") != nullptr);
  CHECK(content.find("step") == nullptr);
  io::save_safetensors(folder / "empty.safetensors", {});
  CHECK(io::load_safetensors(folder / "empty.safetensors").tensors.empty());
  CHECK(folder.files() == 2);  // no temporaries
}

TEST_CASE("safetensors: a file cut short anywhere, or too long, is refused") {
  const Folder folder;
  const std::string path = folder / "a.safetensors";
  io::save_safetensors(path, made());
  const std::string whole = slurp(path);
  CHECK(whole.size() % 8 == 0);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    spill(path, whole.substr(0, length));
    INFO(length << " of " << whole.size() << " bytes");
    REQUIRE_THROWS_WITH(io::load_safetensors(path), ContainsText("a.safetensors"));
    REQUIRE_THROWS_AS(io::load_safetensors(path), std::runtime_error);
  }
  spill(path, whole + "12345678");
  REQUIRE_THROWS_WITH(io::load_safetensors(path), ContainsText("8 bytes follow the last tensor"));
}

TEST_CASE("safetensors: damaged bytes are refused or read, never a crash") {
  const Folder folder;
  const std::string path = folder / "a.safetensors";
  io::save_safetensors(path, made());
  const std::string whole = slurp(path);
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    for (const char byte : {'\0', '9', '"', '{', '\xFF'}) {
      std::string bad = whole;
      bad[at] = byte;
      spill(path, bad);
      try {
        (void)io::load_safetensors(path);
      } catch (const std::runtime_error&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("safetensors: headers that are wrong say how") {
  const Folder folder;
  const std::string path = folder / "a.safetensors";
  const auto message = [&](const std::string& bytes) {
    spill(path, bytes);
    try {
      (void)io::load_safetensors(path);
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
    return std::string("read");
  };
  const auto tensor = [](const std::string& type, const std::string& shape, const std::string& offsets) {
    return with_header("{\"x\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
                       "12345678");
  };
  CHECK(message(tensor("F32", "[2]", "[0,8]")) == "read");
  CHECK(message(tensor("F32", "[ 1 , 2 ]", "[0, 8]")) == "read");
  CHECK_THAT(message(tensor("F32", "[3]", "[0,8]")), ContainsText("tensor 'x' does not lie where it says"));
  CHECK_THAT(message(tensor("F32", "[2]", "[0,16]")), ContainsText("does not lie where it says"));
  CHECK_THAT(message(tensor("F32", "[1]", "[4,8]")), ContainsText("does not lie where it says"));
  CHECK_THAT(message(tensor("F32", "[4294967296,4294967296]", "[0,8]")), ContainsText("larger than the file"));
  CHECK_THAT(message(tensor("F32", "[100000,0]", "[0,0]")), ContainsText("8 bytes follow the last tensor"));
  CHECK_THAT(message(tensor("F32", "[2]", "[8,0]")), ContainsText("does not lie where it says"));
  CHECK_THAT(message(tensor("F32", "[-2]", "[0,8]")), ContainsText("a whole number was expected"));
  CHECK_THAT(message(tensor("Q7", "[2]", "[0,8]")), ContainsText("Q7"));
  CHECK_THAT(message(with_header("[]")), ContainsText("not a safetensors header"));
  CHECK_THAT(message(with_header("{\"x\":{}")), ContainsText("a.safetensors"));
  CHECK_THAT(message(with_header("{} x")), ContainsText("something follows the header"));
  CHECK_THAT(message("not such a file at all"), ContainsText("not a safetensors file, or cut short"));
  REQUIRE_THROWS_WITH(io::load_safetensors(folder / "none"), ContainsText("none: cannot be opened"));
}

TEST_CASE("safetensors: tensors are found in whatever order the header lists them") {
  const Folder folder;
  spill(folder / "a", with_header("{\"late\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
                                  "\"none\":{\"dtype\":\"F32\",\"shape\":[0,70000],\"data_offsets\":[8,8]},"
                                  "\"early\":{\"data_offsets\":[0,8],\"dtype\":\"F64\",\"shape\":[]}}",
                                  "abcdefghijkl"));
  const SafeTensors read = io::load_safetensors(folder / "a");
  CHECK(std::string(read.find("early")->bytes.data(), 8) == "abcdefgh");
  CHECK(std::string(read.find("late")->bytes.data(), 4) == "ijkl");
  CHECK(read.find("none")->bytes.empty());
  CHECK(read.find("early")->shape.empty());
}

TEST_CASE("safetensors: escapes in names are read as JSON means them") {
  const Folder folder;
  spill(folder / "a", with_header("{\"__metadata__\":{\"\\u00e9\\ud83d\\ude00\\/\":\"\\b\\f\\r\\u0041\"}}"));
  const SafeTensors read = io::load_safetensors(folder / "a");
  CHECK(read.metadata.at("\xC3\xA9\xF0\x9F\x98\x80/") == "\b\f\rA");
  for (const char* bad : {"\\ud83d", "\\ud83dx", "\\ud83d\\u0041", "\\u00g0", "\\q", "\\u00"}) {
    spill(folder / "a", with_header(text("{\"__metadata__\":{\"k\":\"", bad, "\"}}")));
    CHECK_THROWS_AS(io::load_safetensors(folder / "a"), std::runtime_error);
  }
}

TEST_CASE("safetensors: a write that fails leaves what was there, and no temporary") {
  const Folder folder;
  REQUIRE_THROWS_WITH(io::save_safetensors(folder / "missing/a", made()), ContainsText("missing/a: cannot be written"));
  io::save_safetensors(folder / "a", made());
  const std::string before = slurp(folder / "a");
  std::filesystem::create_directory(folder / "b");
  REQUIRE_THROWS_WITH(io::save_safetensors(folder / "b", made()), ContainsText("not a plain file"));
  CHECK(slurp(folder / "a") == before);
  CHECK(folder.files() == 2);
}

TEST_CASE("safetensors: two tensors or two entries of one name are refused, written or read") {
  const Folder folder;
  SafeTensors twice = made();
  const float f = 1;
  twice.add("a.weight", &f, {1});
  CHECK_THROWS_WITH(io::save_safetensors(folder / "twice", twice), ContainsText("two tensors are called 'a.weight'"));
  CHECK(folder.files() == 0);
  CHECK_THROWS_WITH(made().describe("key", "another"), ContainsText("two entries of metadata are called 'key'"));

  const auto read = [&](std::string header) {
    const std::uint64_t length = header.size();
    std::ofstream out(folder / "header", std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), 8) << header << std::string(4, '\0');
    out.close();
    io::load_safetensors(folder / "header");
  };
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  read("{" + a + "}");
  CHECK_THROWS_WITH(read("{" + a + "," + a + "}"), ContainsText("a second tensor 'a'"));
  CHECK_THROWS_WITH(read(R"({"__metadata__":{"k":"1","k":"2"},)" + a + "}"), ContainsText("a second entry 'k'"));
}
