// A file that may grow no further stands for a disk that is full: the same failing write, without a disk to fill.
#include <csignal>

#include <sys/resource.h>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/safetensors.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct SmallFilesOnly {
  rlimit before{};
  void (*handler)(int);

  explicit SmallFilesOnly(rlim_t bytes) : handler(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit now = before;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SmallFilesOnly() {
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }
};

}  // namespace

TEST_CASE("full disk: a checkpoint is whole or not there, the old one stays, and the error names the file") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  const std::vector<float> numbers(100000, 1.5f);
  io::SafeTensors file;
  file.add("first", numbers.data(), {10, 10});
  io::save_safetensors(path, file);
  const std::string before = fixtures::read_bytes(path);
  file.add("second", numbers.data(), {1000, 100});
  {
    const SmallFilesOnly limit(4096);
    CHECK_THROWS_WITH(io::save_safetensors(path, file), ContainsText("model.safetensors"));
  }
  CHECK(fixtures::read_bytes(path) == before);
  CHECK(folder.list() == std::vector<std::string>{"model.safetensors"});
}

TEST_CASE("full disk: cells are written whole or not at all") {
  fixtures::TemporaryFolder folder;
  Rng rng(1);
  const CellTable cells = simulate({.cells = 300, .genes = 200}, rng);
  const std::string path = folder / "cells.h5ad";
  {
    const SmallFilesOnly limit(4096);
    CHECK_THROWS_WITH(io::write_h5ad(path, cells), ContainsText("cells.h5ad"));
  }
  CHECK(folder.list().empty());
  io::write_h5ad(path, cells);
  CHECK(io::read_h5ad(path).cells() == 300);
}
