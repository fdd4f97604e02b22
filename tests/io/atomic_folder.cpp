#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <latentcell/io/atomic_folder.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;
using Names = std::vector<std::string>;

TEST_CASE("AtomicFolder: appears whole on commit, and not at all without it") {
  fixtures::TemporaryFolder folder;
  {
    io::AtomicFolder out(folder / "a");
    fixtures::write_bytes(out.temporary() + "/x", "1");
    CHECK_FALSE(std::filesystem::exists(folder / "a"));
    out.commit();
    CHECK(fixtures::read_bytes(folder / "a/x") == "1");
    CHECK_THAT(message([&] { out.commit(); }), ContainsText("was committed before"));
  }
  CHECK(folder.list() == Names{"a"});
  {
    const io::AtomicFolder out(folder / "b");
    fixtures::write_bytes(out.temporary() + "/x", "1");
  }
  CHECK(folder.list() == Names{"a"});
}

TEST_CASE("AtomicFolder: takes the place of an empty folder; a slash at the end is none") {
  fixtures::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "a");
  io::AtomicFolder out(folder / "a/");
  fixtures::write_bytes(out.temporary() + "/x", "1");
  out.commit();
  CHECK(fixtures::read_bytes(folder / "a/x") == "1");
}

TEST_CASE("AtomicFolder: what is there, and where none can be made") {
  fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "file", "1");
  std::filesystem::create_directory(folder / "full");
  fixtures::write_bytes(folder / "full/x", "1");
  CHECK_THAT(message([&] { io::AtomicFolder(folder / "file"); }),
             ContainsText("file: cannot be written: it is no folder"));
  CHECK_THAT(message([&] { io::AtomicFolder(folder / "full"); }),
             ContainsText("full: cannot be written: it is not empty"));
  CHECK_THAT(message([&] { io::AtomicFolder(folder / "no/such"); }),
             ContainsText("no/such: cannot be written: No such file"));
  CHECK_THAT(message([] { io::AtomicFolder(""); }), ContainsText("without a name"));
}

TEST_CASE("AtomicFolder: temporaries of this computer's processes that are gone are removed, those of others stay") {
  fixtures::TemporaryFolder folder;
  char host[65] = "";
  REQUIRE(::gethostname(host, sizeof host - 1) == 0);
  const std::string here = text("@", host, ".tmp"), gone = ".a.999999999" + here;
  CHECK(io::AtomicFolder::temporary_of(folder / "a") == folder / text(".a.", long(::getpid()), here));
  std::filesystem::create_directories(folder / (gone + "/inner"));
  const Names stay{".a.1" + here, ".a.x" + here, ".a.999999999@elsewhere.tmp", ".a.999999999.tmp"};
  for (const std::string& name : stay) std::filesystem::create_directory(folder / name);
  { const io::AtomicFolder out(folder / "a"); }
  CHECK_FALSE(std::filesystem::exists(folder / gone));
  for (const std::string& name : stay) CHECK(std::filesystem::exists(folder / name));
}
