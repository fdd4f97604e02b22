#include <exception>
#include <string>

#include <latentcell/core/rng.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/read_cells.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

/// Reads a file that may be damaged: a table that holds together, or an exception.
bool reads(const std::string& path) {
  try {
    io::read_cells(path).check();
    return true;
  } catch (const std::exception& error) {
    const std::string said = error.what();
    CHECK_FALSE(said.empty());
    return false;
  }
}

}  // namespace

TEST_CASE("read_h5ad: a file cut anywhere is refused, never read in part") {
  fixtures::TemporaryFolder folder;
  for (const char* name : {"csr.h5ad", "layers.h5ad"}) {
    const std::string whole = fixtures::read_bytes(fixtures::reference(name));
    for (std::size_t i = 0; i < 50; ++i) {
      fixtures::write_bytes(folder / "t.h5ad", whole.substr(0, whole.size() * i / 50));
      INFO(name << " cut to " << whole.size() * i / 50 << " bytes");
      CHECK_FALSE(reads(folder / "t.h5ad"));
    }
  }
}

TEST_CASE("read_cells: a flipped byte gives a table or an exception") {
  fixtures::TemporaryFolder folder;
  Rng rng(29);
  int good = 0, bad = 0;
  for (const char* name : {"csr.h5ad", "csc.h5ad", "dense.h5ad", "old.h5ad", "ancient.h5ad", "tenx_v3.h5"}) {
    const std::string whole = fixtures::read_bytes(fixtures::reference(name));
    const std::string path = folder / (std::string("t") + name);
    for (int i = 0; i < 200; ++i) {
      std::string damaged = whole;
      damaged[rng.below(damaged.size())] = char(rng.below(256));
      fixtures::write_bytes(path, damaged);
      ++(reads(path) ? good : bad);
    }
  }
  // One byte hits padding more often than not, so a single file may have no bad one by chance.
  CHECK(good > 200);
  CHECK(bad > 20);
}
