#include <latentcell/io/try_hdf5.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/io/h5ad_write.hpp>
#include <latentcell/io/read_cells.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;
using fixtures::reference;

namespace {

/// What reading a file in another process ends with: "read", a sentence, or that it crashed.
std::string outcome(const std::string& path) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const ::pid_t child = ::fork();
  if (child == 0) {
    std::string said = "read";
    try {
      io::read_cells(path).check();
    } catch (const std::exception& error) {
      said = error.what();
    }
    (void)!::write(ends[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  const ssize_t got = ::read(ends[0], said.data(), said.size());
  said.resize(std::size_t(std::max<ssize_t>(0, got)));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : "crashed";
}

hid_t create(const std::string& path) { return H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT); }

}  // namespace

TEST_CASE("try_hdf5: whole files pass, and nothing of the child is left") {
  for (const char* name :
       {"csr.h5ad", "csc.h5ad", "dense.h5ad", "old.h5ad", "ancient.h5ad", "layers.h5ad", "tenx_v2.h5", "tenx_v3.h5"}) {
    INFO(name);
    CHECK(message([&] { io::try_hdf5(reference(name)); }).empty());
  }
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // no child
}

TEST_CASE("try_hdf5: little memory for the reader does not make a file damaged") {
  const ::pid_t child = ::fork();
  if (child == 0) {
    rlimit limit{};
    ::getrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = 1;
    ::setrlimit(RLIMIT_DATA, &limit);
    try {
      io::try_hdf5(reference("csr.h5ad"));
      ::_exit(0);
    } catch (...) {
      ::_exit(1);
    }
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("try_hdf5: packed chunks of every kind pass") {
  const fixtures::TemporaryFolder folder;
  Rng rng(3);
  CellTable table;
  std::vector<std::int64_t> row_start = {0};
  std::vector<std::int32_t> columns;
  std::vector<float> values;
  for (int cell = 0; cell < 300; ++cell) {
    for (std::int32_t gene = 0; gene < 40; ++gene) {
      if (rng.below(3) != 0) continue;
      columns.push_back(gene);
      values.push_back(float(1 + rng.below(9)));
    }
    row_start.push_back(std::int64_t(columns.size()));
    table.cell_names.push_back(text("cell_", cell));
  }
  for (int gene = 0; gene < 40; ++gene) table.gene_names.push_back(text("gene_", gene));
  table.counts = Counts(40, row_start, columns, values);
  table.cell_columns = Annotation(300);
  table.gene_columns = Annotation(40);
  for (const int compression : {0, 4}) {
    io::write_h5ad(folder / "t.h5ad", table, {.compression = compression});
    CHECK(message([&] { io::try_hdf5(folder / "t.h5ad"); }).empty());
    CHECK(io::read_h5ad(folder / "t.h5ad").counts.view().nonzeros() == Index(values.size()));
  }
}

TEST_CASE("read_cells: a file damaged at any of 200 places is read or ends in a sentence, whatever HDF5 does") {
  const fixtures::TemporaryFolder folder;
  Rng rng(12);
  int read = 0, refused = 0;
  const std::vector<std::string> names = {"csr.h5ad", "csc.h5ad", "dense.h5ad", "old.h5ad", "tenx_v3.h5"};
  for (int i = 0; i < 200; ++i) {
    std::string bytes = fixtures::read_bytes(reference(names[std::size_t(i) % names.size()]));
    for (int k = 0; k < 4; ++k) {
      const std::size_t at = rng.below(bytes.size()), width = std::min<std::size_t>(8, bytes.size() - at);
      if (rng.below(2) == 0) {
        bytes[at] = char(rng.below(256));
      } else {
        std::fill_n(bytes.begin() + std::ptrdiff_t(at), width, char(rng.below(2) == 0 ? 0 : 255));
      }
    }
    fixtures::write_bytes(folder / "t.h5ad", bytes);
    const std::string what = outcome(folder / "t.h5ad");
    INFO("place " << i << ": " << what);
    CHECK(what != "crashed");
    CHECK(what.find('\n') == std::string::npos);
    ++(what == "read" ? read : refused);
  }
  CHECK(read > 20);
  CHECK(refused > 50);
}

TEST_CASE("try_hdf5: a dataset that claims other sizes than its chunks have is refused with its name") {
  const fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5";
  const hid_t file = create(path);
  const hsize_t extent = 128, chunk = 64;
  const hid_t space = H5Screate_simple(1, &extent, nullptr), plan = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(plan, 1, &chunk);
  H5Pset_deflate(plan, 6);
  const hid_t data = H5Dcreate2(file, "data", H5T_STD_I32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
  const std::vector<int> values(128, 7);
  H5Dwrite(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(data);
  H5Pclose(plan);
  H5Sclose(space);
  H5Fclose(file);
  CHECK(message([&] { io::try_hdf5(path); }).empty());
  // The layout message: version 3, chunked, 2 dimensions, address, then the extents of a chunk: 64 values of 4 bytes.
  std::string bytes = fixtures::read_bytes(path);
  const std::string extents("\x40\0\0\0\x04\0\0\0", 8);
  const std::size_t at = bytes.find(extents);
  REQUIRE(at != std::string::npos);
  bytes[at] = 80;
  fixtures::write_bytes(path, bytes);
  CHECK_THAT(message([&] { io::try_hdf5(path); }), ContainsText("t.h5: data: has chunks of 256 bytes, not 320"));
}

TEST_CASE("Hdf5Object: nothing outside the file is read, through whatever link") {
  const fixtures::TemporaryFolder folder;
  const hid_t other = create(folder / "other.h5");
  H5Gclose(H5Gcreate2(other, "secret", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(other);
  const hid_t file = create(folder / "t.h5");
  H5Lcreate_external("other.h5", "/secret", file, "outside", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/outside", file, "around", H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(file, "inside", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Lcreate_soft("/inside", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t extent = 4;
  const hid_t space = H5Screate_simple(1, &extent, nullptr);
  const hid_t raw = H5Pcreate(H5P_DATASET_CREATE), mapped = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(raw, "/etc/passwd", 0, 16);
  H5Pset_virtual(mapped, space, "other.h5", "/secret", space);
  H5Dclose(H5Dcreate2(file, "raw", H5T_STD_I32LE, space, H5P_DEFAULT, raw, H5P_DEFAULT));
  H5Dclose(H5Dcreate2(file, "mapped", H5T_STD_I32LE, space, H5P_DEFAULT, mapped, H5P_DEFAULT));
  for (const hid_t plan : {raw, mapped}) H5Pclose(plan);
  H5Sclose(space);
  H5Fclose(file);
  const io::Hdf5Quiet quiet;
  const io::Hdf5Object root = io::Hdf5Object::open_file(folder / "t.h5");
  CHECK(root.open("soft").is_group());
  for (const char* name : {"outside", "around"}) {
    CHECK_THAT(message([&] { root.open(name); }), ContainsText("is a link to another file, which is not followed"));
    CHECK_FALSE(root.find(name).has_value());
  }
  for (const char* name : {"raw", "mapped"})
    CHECK_THAT(message([&] { root.open(name); }), ContainsText("keeps its values in another file, which is not read"));
  CHECK(message([&] { io::try_hdf5(folder / "t.h5"); }).empty());  // the reader says what it does not read
}
