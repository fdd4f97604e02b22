#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <latentcell/io/atomic_file.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;
using fixtures::read_bytes;
using fixtures::write_bytes;

TEST_CASE("AtomicFile: the target appears at commit, whole") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "a.txt";
  {
    io::AtomicFile file(path);
    write_bytes(file.temporary(), "new");
    CHECK_FALSE(std::filesystem::exists(path));
    file.commit();
    CHECK(read_bytes(path) == "new");
  }
  CHECK(folder.list() == std::vector<std::string>{"a.txt"});
}

TEST_CASE("AtomicFile: without commit the old file stays and the temporary goes") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "a.txt";
  write_bytes(path, "old");
  {
    io::AtomicFile file(path), second(path);
    CHECK(file.temporary() != second.temporary());
    write_bytes(file.temporary(), "new");
    CHECK(folder.list().size() == 3);
  }
  CHECK(read_bytes(path) == "old");
  CHECK(folder.list() == std::vector<std::string>{"a.txt"});
}

TEST_CASE("AtomicFile: keeps permissions and follows links") {
  fixtures::TemporaryFolder folder;
  write_bytes(folder / "a.txt", "old");
  ::chmod((folder / "a.txt").c_str(), 0640);
  std::filesystem::create_symlink("a.txt", folder / "link");
  io::AtomicFile file(folder / "link");
  write_bytes(file.temporary(), "new");
  file.commit();
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_bytes(folder / "a.txt") == "new");
  struct stat known {};
  REQUIRE(::stat((folder / "a.txt").c_str(), &known) == 0);
  CHECK((known.st_mode & 0777u) == 0640u);
}

TEST_CASE("AtomicFile: names without a folder, and very long ones") {
  fixtures::TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder / "");
  for (const std::string& name : {std::string("a.txt"), std::string(250, 'x')}) {
    io::AtomicFile file(name);
    write_bytes(file.temporary(), "new");
    file.commit();
    CHECK(read_bytes(folder / name) == "new");
  }
  std::filesystem::current_path(before);
}

TEST_CASE("AtomicFile: what cannot be written is said at once") {
  fixtures::TemporaryFolder folder;
  CHECK(message([&] { io::AtomicFile file(folder / "no/a.txt"); }) ==
        (folder / "no/a.txt") + ": cannot be written: No such file or directory");
  CHECK_THAT(message([&] { io::AtomicFile file(folder / ""); }), ContainsText("exists and is not a plain file"));
  CHECK_THAT(message([] { io::AtomicFile file(""); }), ContainsText("without a name"));
  io::AtomicFile file(folder / "a.txt");
  write_bytes(file.temporary(), "new");
  file.commit();
  CHECK_THAT(message([&] { file.commit(); }), ContainsText("was committed before"));
}

TEST_CASE("AtomicFile: temporaries of processes that are gone are removed, those of others stay") {
  fixtures::TemporaryFolder folder;
  const ::pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const std::string stale = text(".a.txt.", long(gone), "-0.tmp"), fresh = text(".a.txt.", long(gone), "-1.tmp"),
                    alive = text(".a.txt.", long(::getpid()), "-7.tmp"), other = text(".b.txt.", long(gone), "-0.tmp");
  for (const std::string& name : {stale, fresh, alive, other}) write_bytes(folder / name, "half");
  for (const std::string& name : {stale, alive, other}) {
    const utimbuf old{::time(nullptr) - 3600, ::time(nullptr) - 3600};
    REQUIRE(::utime((folder / name).c_str(), &old) == 0);
  }
  { io::AtomicFile file(folder / "a.txt"); }
  std::vector<std::string> left = folder.list();
  std::sort(left.begin(), left.end());
  std::vector<std::string> expected{fresh, alive, other};
  std::sort(expected.begin(), expected.end());
  CHECK(left == expected);
}
