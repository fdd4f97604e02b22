#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include <latentcell/io/atomic_folder.hpp>
#include <latentcell/io/sync_path.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

std::set<std::string> synced;  // paths

}  // namespace

// In place of the C library's: remembers what was synced.
extern "C" int fsync(int file) {
  char path[4096] = "";
  if (::readlink(text("/proc/self/fd/", file).c_str(), path, sizeof path - 1) > 0) synced.insert(path);
  return int(::syscall(SYS_fsync, file));
}

TEST_CASE("sync_path: files and folders; what is not there is said") {
  const fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "a", "1");
  synced.clear();
  io::sync_path(folder / "a");
  io::sync_path(folder / "");
  CHECK(synced.size() == 2);
  CHECK(synced.count(std::filesystem::canonical(folder / "a").string()) == 1);
  CHECK_THAT(message([&] { io::sync_path(folder / "b"); }), ContainsText("b: cannot be written: No such file"));
  CHECK_THAT(message([&] { io::sync_path(folder / "b", "c"); }), ContainsText("c: cannot be written: No such file"));
}

TEST_CASE("sync_folder: all that it holds, and so before an AtomicFolder gets its name") {
  const fixtures::TemporaryFolder folder;
  io::AtomicFolder out(folder / "a");
  const std::string inside = out.temporary();
  std::filesystem::create_directory(inside + "/b");
  fixtures::write_bytes(inside + "/x", "1");
  fixtures::write_bytes(inside + "/b/y", "1");
  const std::string was = std::filesystem::canonical(inside).string();
  synced.clear();
  out.commit();
  for (const char* name : {"", "/x", "/b", "/b/y"}) CHECK(synced.count(was + name) == 1);
  CHECK(synced.count(std::filesystem::canonical(folder / "").string()) == 1);
}
