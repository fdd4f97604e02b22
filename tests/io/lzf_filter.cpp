#include <hdf5.h>

#include <cstdint>
#include <string>
#include <vector>

#include <latentcell/io/h5ad.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;
using fixtures::reference;

namespace {

/// Puts a list of packed numbers in the place of X/data of a file.
void replace_packed(const std::string& path, H5Z_filter_t filter, const std::vector<std::uint8_t>& packed) {
  if (H5Zfilter_avail(filter) > 0) H5Zunregister(filter);  // one that HDF5 has must be able to pack
  fixtures::edit_hdf5(path, [&](hid_t f) {
    H5Ldelete(f, "X/data", H5P_DEFAULT);
    const hsize_t n = 10, start = 0;
    const hid_t space = H5Screate_simple(1, &n, nullptr), plan = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plan, 1, &n);
    H5Pset_filter(plan, filter, H5Z_FLAG_OPTIONAL, 0, nullptr);
    const hid_t data = H5Dcreate2(f, "X/data", H5T_STD_I32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    H5Dwrite_chunk(data, H5P_DEFAULT, 0, &start, packed.size(), packed.data());
    H5Dclose(data);
    H5Pclose(plan);
    H5Sclose(space);
  });
}

}  // namespace

TEST_CASE("lzf: what h5py packs with it is read") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  fixtures::write_bytes(path, fixtures::read_bytes(reference("csr.h5ad")));
  // Ten times 7 of four bytes: the first as it is, then 36 bytes that repeat what lies four bytes before.
  const std::vector<std::uint8_t> packed{3, 7, 0, 0, 0, 7 << 5, 36 - 9, 3};
  replace_packed(path, 32000, packed);
  const CellTable table = io::read_h5ad(path);
  CHECK(table.counts.nonzeros() == 10);
  for (Index k = 0; k < 10; ++k) CHECK(table.counts.view().values[k] == 7);
  for (const std::vector<std::uint8_t>& damaged :
       {std::vector<std::uint8_t>{3, 7, 0}, {3, 7, 0, 0, 0, 7 << 5}, {3, 7, 0, 0, 0, 7 << 5, 27, 200}, {1 << 5, 0}}) {
    replace_packed(path, 32000, damaged);
    CHECK_THAT(message([&] { io::read_h5ad(path); }), ContainsText("t.h5ad: X/data: cannot be read"));
  }
}

TEST_CASE("filters: one that is not installed is named, with what to do") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  fixtures::write_bytes(path, fixtures::read_bytes(reference("csr.h5ad")));
  replace_packed(path, 32015, {1, 2, 3});
  CHECK_THAT(message([&] { io::read_h5ad(path); }),
             ContainsText("X/data: is packed with the filter (number 32015), which is not installed: set "
                          "HDF5_PLUGIN_PATH to the folder of its plugin"));
}
