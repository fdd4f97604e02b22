#include <exception>
#include <string>
#include <vector>

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

/// Where the bytes of numbers lie in a file.
struct Range {
  std::size_t first, size;
};

herr_t add_range(hid_t parent, const char* name, const H5O_info_t*, void* to) {
  const io::Hdf5Handle data(H5Oopen(parent, name, H5P_DEFAULT));
  if (H5Iget_type(data.get()) != H5I_DATASET) return 0;
  const io::Hdf5Handle type(H5Dget_type(data.get()));
  if (H5Tget_class(type.get()) == H5T_STRING) return 0;
  const hsize_t size = H5Dget_storage_size(data.get());
  haddr_t first = H5Dget_offset(data.get());
  if (first == HADDR_UNDEF) {
    unsigned filters = 0;
    hsize_t chunk_size = 0;
    const io::Hdf5Handle space(H5Dget_space(data.get()));
    if (H5Dget_chunk_info(data.get(), space.get(), 0, nullptr, &filters, &first, &chunk_size) < 0) return 0;
  }
  if (first != HADDR_UNDEF && size > 0) static_cast<std::vector<Range>*>(to)->push_back({std::size_t(first), std::size_t(size)});
  return 0;
}

std::vector<Range> number_ranges(const std::string& path) {
  const io::Hdf5Quiet quiet;
  std::vector<Range> ranges;
  const io::Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
#if H5_VERSION_GE(1, 12, 0)
  H5Ovisit3(file.get(), H5_INDEX_NAME, H5_ITER_INC, add_range, &ranges, H5O_INFO_BASIC);
#else
  H5Ovisit2(file.get(), H5_INDEX_NAME, H5_ITER_INC, add_range, &ranges, H5O_INFO_BASIC);
#endif
  return ranges;
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

TEST_CASE("read_cells: flipped bytes of a 10x file give a table or an exception") {
  fixtures::TemporaryFolder folder;
  const std::string whole = fixtures::read_bytes(fixtures::reference("tenx_v3.h5"));
  Rng rng(29);
  int good = 0, bad = 0;
  for (int i = 0; i < 200; ++i) {
    std::string damaged = whole;
    for (int k = 0; k < 3; ++k) damaged[rng.below(damaged.size())] = char(rng.below(256));
    fixtures::write_bytes(folder / "t.h5", damaged);
    ++(reads(folder / "t.h5") ? good : bad);
  }
  CHECK(good > 20);
  CHECK(bad > 20);
}

// Elsewhere in an h5ad file lie the strings of variable length, and there HDF5 1.10 does not survive flipped bytes.
TEST_CASE("read_h5ad: flipped bytes of numbers give a table or an exception") {
  fixtures::TemporaryFolder folder;
  Rng rng(12);
  int good = 0, bad = 0;
  for (const char* name : {"csr.h5ad", "csc.h5ad", "dense.h5ad", "old.h5ad"}) {
    const std::string whole = fixtures::read_bytes(fixtures::reference(name));
    const std::vector<Range> ranges = number_ranges(fixtures::reference(name));
    REQUIRE_FALSE(ranges.empty());
    for (int i = 0; i < 200; ++i) {
      std::string damaged = whole;
      const Range range = ranges[rng.below(ranges.size())];
      damaged[range.first + rng.below(range.size)] = char(rng.below(256));
      fixtures::write_bytes(folder / "t.h5ad", damaged);
      ++(reads(folder / "t.h5ad") ? good : bad);
    }
  }
  CHECK(good > 100);
  CHECK(bad > 100);
}
