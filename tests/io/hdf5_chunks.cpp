#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/io/hdf5_chunks.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

enum class Packing { none, gzip, shuffled_gzip, gzip_with_checksum, gzip_but_edges };

/// A file with one list of numbers "x" in chunks.
template <class N>
void write_list(const std::string& path, const std::vector<N>& values, hsize_t chunk, Packing packing) {
  const io::Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  const io::Hdf5Handle plan(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t n = values.size();
  H5Pset_chunk(plan.get(), 1, &chunk);
  if (packing == Packing::shuffled_gzip) H5Pset_shuffle(plan.get());
  if (packing != Packing::none) H5Pset_deflate(plan.get(), 4);
  if (packing == Packing::gzip_with_checksum) H5Pset_fletcher32(plan.get());
  if (packing == Packing::gzip_but_edges) H5Pset_chunk_opts(plan.get(), H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
  const io::Hdf5Handle space(H5Screate_simple(1, &n, nullptr));
  const io::Hdf5Handle data(
      H5Dcreate2(file.get(), "x", io::hdf5_type<N>(), space.get(), H5P_DEFAULT, plan.get(), H5P_DEFAULT));
  H5Dwrite(data.get(), io::hdf5_type<N>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
}

/// Parts of the list, read here and by HDF5.
template <class To>
void check_parts(const std::string& path, Rng& rng) {
  const io::Hdf5Object data = io::Hdf5Object::open_file(path).open("x");
  io::Hdf5Chunks chunks(data);
  const Index n = data.length();
  for (int i = 0; i < 25; ++i) {
    const Index first = i == 0 ? 0 : Index(rng.below(std::uint64_t(n)));
    const Index count = i == 0 ? n : Index(rng.below(std::uint64_t(n - first) + 1));
    std::vector<To> here(to_size(count)), there(to_size(count));
    chunks.read(data, first, count, here.data());
    io::read_part(data, first, count, there.data());
    CAPTURE(first, count);
    CHECK(here == there);
  }
}

template <class N>
void check_type(Rng& rng) {
  fixtures::TemporaryFolder folder;
  std::vector<N> values(5000);
  for (N& value : values) value = N(rng.below(100));
  if (std::is_integral_v<N>) {
    values[7] = std::numeric_limits<N>::max();
    values[4998] = std::numeric_limits<N>::lowest();
  }
  for (const Packing packing :
       {Packing::none, Packing::gzip, Packing::shuffled_gzip, Packing::gzip_with_checksum, Packing::gzip_but_edges}) {
    for (const hsize_t chunk : {hsize_t{5000}, hsize_t{1000}, hsize_t{777}, hsize_t{1}}) {
      if (chunk == 1 && packing != Packing::gzip) continue;
      write_list(folder / "t.h5", values, chunk, packing);
      CAPTURE(int(packing), chunk);
      check_parts<float>(folder / "t.h5", rng);
      if (std::is_integral_v<N>) {
        check_parts<std::int32_t>(folder / "t.h5", rng);
        check_parts<std::int64_t>(folder / "t.h5", rng);
      }
    }
  }
}

}  // namespace

TEST_CASE("Hdf5Chunks: parts of lists of every type and packing are what HDF5 reads, clipped alike") {
  Rng rng(1);
  check_type<std::int8_t>(rng);
  check_type<std::int16_t>(rng);
  check_type<std::int32_t>(rng);
  check_type<std::int64_t>(rng);
  check_type<std::uint8_t>(rng);
  check_type<std::uint16_t>(rng);
  check_type<std::uint32_t>(rng);
  check_type<float>(rng);
  check_type<double>(rng);
}

TEST_CASE("Hdf5Chunks: chunks that are not there, or are kept unpacked, are what HDF5 reads") {
  fixtures::TemporaryFolder folder;
  Rng rng(2);
  const std::string path = folder / "t.h5";
  std::vector<std::int32_t> values(1000);
  for (std::int32_t& value : values) value = std::int32_t(rng.below(100));
  write_list(path, values, 100, Packing::gzip);
  fixtures::edit_hdf5(path, [&](hid_t f) {
    const io::Hdf5Handle data(H5Dopen2(f, "x", H5P_DEFAULT));
    const hsize_t offset = 300;
    H5Dwrite_chunk(data.get(), H5P_DEFAULT, 1, &offset, 400, values.data());  // without gzip
  });
  check_parts<float>(path, rng);
  fixtures::edit_hdf5(path, [](hid_t f) {
    const hsize_t n = 1000, chunk = 100;
    const io::Hdf5Handle plan(H5Pcreate(H5P_DATASET_CREATE)), space(H5Screate_simple(1, &n, nullptr));
    H5Pset_chunk(plan.get(), 1, &chunk);
    H5Pset_deflate(plan.get(), 1);
    const std::int32_t fill = 5;
    H5Pset_fill_value(plan.get(), H5T_NATIVE_INT32, &fill);
    H5Ldelete(f, "x", H5P_DEFAULT);
    H5Dclose(H5Dcreate2(f, "x", H5T_NATIVE_INT32, space.get(), H5P_DEFAULT, plan.get(), H5P_DEFAULT));
  });
  check_parts<std::int32_t>(path, rng);
}

TEST_CASE("Hdf5Chunks: a damaged chunk is an error that names the list") {
  fixtures::TemporaryFolder folder;
  Rng rng(3);
  const std::string path = folder / "t.h5";
  std::vector<std::int32_t> values(20000);
  for (std::int32_t& value : values) value = std::int32_t(rng.below(1000));
  write_list(path, values, 20000, Packing::gzip);
  const std::string whole = fixtures::read_bytes(path);
  const std::size_t start = whole.find("\x78\x5E");  // where gzip begins
  REQUIRE(start != std::string::npos);
  int refused = 0;
  for (int i = 0; i < 50; ++i) {
    std::string damaged = whole;
    const std::size_t at = start + rng.below(20000);
    damaged[at] = char(damaged[at] ^ char(1 + rng.below(255)));
    fixtures::write_bytes(path, damaged);
    const io::Hdf5Object data = io::Hdf5Object::open_file(path).open("x");
    io::Hdf5Chunks chunks(data);
    std::vector<std::int32_t> out(values.size());
    const std::string said = message([&] { chunks.read(data, 0, 20000, out.data()); });
    if (said.find("t.h5: x: cannot be read (chunk 0 does not unpack)") != std::string::npos) ++refused;
    CHECK((said != "" || out == values));
  }
  CHECK(refused == 50);
}
