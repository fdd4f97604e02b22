#include <latentcell/io/h5ad_view.hpp>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/h5ad_shards.hpp>
#include <latentcell/io/read_cells.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

/// Cells with a column of every kind.
CellTable table(Index cells, std::uint64_t seed) {
  Rng rng(seed);
  CellTable out = simulate({.cells = cells, .genes = 30, .types = 3, .batch_covariate_levels = 2}, rng);
  const std::size_t n = to_size(cells);
  for (std::size_t i = 0; i < n; ++i) out.cell_names[i] = text("s", seed, "_", i);
  std::vector<std::string> notes(n);
  for (std::size_t i = 0; i < n; ++i) notes[i] = std::string(i % 5, 'x') + (i % 3 == 0 ? "\xC3\xA4" : "");
  out.cell_columns.set("note", notes);
  out.cell_columns.set("age", std::vector<double>(n, double(seed) + 0.5));
  out.cell_columns.set("passed", Booleans{std::vector<char>(n, char(seed % 2)), {}});
  Integers rank{std::vector<std::int64_t>(n, std::int64_t(seed)), NumberType::int16, std::vector<char>(n, 0)};
  (*rank.missing)[0] = 1;
  out.cell_columns.set("rank", rank);
  out.embeddings["X_latentcell"] = Matrix<float>::Random(cells, 4);
  out.strings["panel"] = {"one", "two"};
  return out;
}

struct Shards {
  fixtures::TemporaryFolder folder;
  std::vector<std::string> names;
  CellTable whole;
  std::string view = folder / "whole.h5ad";

  explicit Shards(std::vector<Index> sizes) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const CellTable part = table(sizes[i], i + 1);
      names.push_back(text("cells_", i, ".h5ad"));
      io::write_h5ad(folder / names.back(), part);
      append_cells(whole, part);
    }
  }
  void write() const { io::write_h5ad_view(view, names); }
};

}  // namespace

TEST_CASE("h5ad view: many files are read as one table, cells below each other, with columns of every kind") {
  const Shards shards({40, 1, 25});
  shards.write();
  const CellTable read = io::read_cells(shards.view);
  CHECK(read.cells() == 66);
  CHECK(fixtures::dense(read.counts.view()) == fixtures::dense(shards.whole.counts.view()));
  CHECK(read.cell_names == shards.whole.cell_names);
  CHECK(read.gene_names == shards.whole.gene_names);
  const auto columns = shards.whole.cell_columns.columns();
  REQUIRE(read.cell_columns.columns().size() == columns.size());
  for (const auto& [name, column] : columns) {
    INFO(name);
    CHECK((read.cell_columns.get(name) == column));
  }
  CHECK(read.embeddings.at("X_latentcell") == shards.whole.embeddings.at("X_latentcell"));
  CHECK(read.strings.at("panel") == shards.whole.strings.at("panel"));
  CHECK(read.notes == std::vector<std::string>{});
}

TEST_CASE("h5ad view: its own datasets are those of the files through HDF5 too, also when the folder has moved") {
  const Shards shards({40, 1, 25});
  shards.write();
  const std::string moved = shards.folder / "moved";
  std::filesystem::create_directory(moved);
  for (const auto& entry : std::filesystem::directory_iterator(shards.folder / "")) {
    if (entry.is_regular_file()) std::filesystem::rename(entry.path(), moved / entry.path().filename());
  }
  const io::Hdf5Handle file(H5Fopen((moved + "/whole.h5ad").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  REQUIRE(bool(file));
  const auto read = [&](const char* name, auto zero) {
    const io::Hdf5Handle data(H5Dopen2(file.get(), name, H5P_DEFAULT)), space(H5Dget_space(data.get()));
    std::vector<decltype(zero)> out(std::size_t(H5Sget_simple_extent_npoints(space.get())));
    H5Dread(data.get(), io::hdf5_type<decltype(zero)>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data());
    return out;
  };
  const CountsView counts = shards.whole.counts.view();
  CHECK(read("X/data", float{}) == std::vector<float>(counts.values, counts.values + counts.nonzeros()));
  CHECK(read("X/indices", std::int32_t{}) ==
        std::vector<std::int32_t>(counts.columns, counts.columns + counts.nonzeros()));
  CHECK(read("X/indptr", std::int64_t{}) ==
        std::vector<std::int64_t>(counts.row_start, counts.row_start + counts.rows + 1));
  CHECK(read("obs/cell_type/codes", int{}) == shards.whole.obs("cell_type").codes);
  const Matrix<float>& latent = shards.whole.embeddings.at("X_latentcell");
  CHECK(read("obsm/X_latentcell", float{}) == std::vector<float>(latent.data(), latent.data() + latent.size()));
}

TEST_CASE("h5ad view: one file of larger counts among others, which are written narrower") {
  const fixtures::TemporaryFolder folder;
  CellTable parts[] = {table(4, 1), table(5, 2), table(3, 3)}, whole;
  parts[1].counts = Counts(30, {0, 1, 1, 1, 1, 2}, {7, 29}, {70000, 3});
  parts[2].counts = Counts(30, {0, 1, 1, 1}, {2}, {16777215});
  std::vector<std::string> names;
  for (const CellTable& part : parts) {
    names.push_back(text("cells_", names.size(), ".h5ad"));
    io::write_h5ad(folder / names.back(), part, {.narrow = true});
    append_cells(whole, part);
  }
  io::write_h5ad_view(folder / "whole.h5ad", names);
  CHECK(fixtures::dense(io::read_h5ad(folder / "whole.h5ad").counts) == fixtures::dense(whole.counts));
  const io::Hdf5Handle file(H5Fopen((folder / "whole.h5ad").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)),
      data(H5Dopen2(file.get(), "X/data", H5P_DEFAULT)), type(H5Dget_type(data.get()));
  CHECK(io::number_type(type.get()) == NumberType::uint32);
  const CountsView counts = whole.counts.view();
  std::vector<float> read(to_size(counts.nonzeros()));
  REQUIRE(H5Dread(data.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, read.data()) >= 0);
  CHECK(read == std::vector<float>(counts.values, counts.values + counts.nonzeros()));
}

TEST_CASE("h5ad view: equal files make equal bytes") {
  const Shards shards({10, 12});
  shards.write();
  const std::string first = fixtures::read_bytes(shards.view);
  shards.write();
  CHECK(fixtures::read_bytes(shards.view) == first);
}

TEST_CASE("h5ad view: files that are no parts of one table are refused, with the place where they differ") {
  const Shards shards({10, 12});
  const auto refused = [&](const auto& change) {
    CellTable part = table(5, 9);
    change(part);
    io::write_h5ad(shards.folder / "other.h5ad", part);
    return message([&] { io::write_h5ad_view(shards.view, {shards.names[0], "other.h5ad"}); });
  };
  CHECK(refused([](CellTable&) {}) == "");
  CHECK_THAT(refused([](CellTable& t) { t.cell_columns.set("more", std::vector<double>(5, 0.0)); }),
             ContainsText("other.h5ad: differs from cells_0.h5ad in 'obs"));
  CHECK_THAT(refused([](CellTable& t) { t.cell_columns.set("age", std::vector<float>(5, 0.0f)); }),
             ContainsText("in 'obs/age'"));
  CHECK_THAT(refused([](CellTable& t) {
               Categorical labels = t.obs("cell_type");
               labels.levels.push_back("another");
               t.cell_columns.set("cell_type", labels);
             }),
             ContainsText("in 'obs/cell_type/categories'"));
  CHECK_THAT(refused([](CellTable& t) { t.gene_names[3] = "other"; }),
             ContainsText("has other genes than cells_0.h5ad"));
  CHECK_THAT(refused([](CellTable& t) { t.embeddings["X_latentcell"] = Matrix<float>::Zero(5, 3); }),
             ContainsText("in 'obsm/X_latentcell'"));
}

TEST_CASE("h5ad view: names of files are names alone") {
  const Shards shards({10});
  CHECK_THROWS_AS(io::write_h5ad_view(shards.view, {}), std::invalid_argument);
  for (const char* name : {"", "../cells_0.h5ad", "/etc/passwd", ".hidden", "a\nb"})
    CHECK_THROWS_AS(io::write_h5ad_view(shards.view, {name}), std::invalid_argument);
  CHECK_THAT(message([&] { io::write_h5ad_view(shards.view, {"none.h5ad"}); }), ContainsText("none.h5ad"));
  CHECK_FALSE(std::filesystem::exists(shards.view));
}

namespace {

/// Makes a view of other files out of one, as an attacker or an accident would.
void set_mark(const std::string& path, const std::string& names) {
  const io::Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT)), type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Adelete(file.get(), io::view_mark);
  const io::Hdf5Handle space(H5Screate(H5S_SCALAR));
  const io::Hdf5Handle mark(H5Acreate2(file.get(), io::view_mark, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
  const char* value = names.c_str();
  H5Awrite(mark.get(), type.get(), &value);
}

}  // namespace

TEST_CASE("h5ad view: a reader follows plain files beside the view alone") {
  const Shards shards({10, 12});
  shards.write();
  const auto said = [&](const std::string& names) {
    set_mark(shards.view, names);
    return message([&] { (void)io::read_h5ad(shards.view); });
  };
  CHECK(said("cells_0.h5ad\ncells_1.h5ad") == "");
  CHECK_THAT(said("../cells_0.h5ad"), ContainsText("'../cells_0.h5ad', which is no name of a file beside it"));
  CHECK_THAT(said(shards.folder / "cells_0.h5ad"), ContainsText("no name of a file beside it"));
  CHECK_THAT(said("cells_0.h5ad\n"), ContainsText("was written of 22 cells but its files have 10"));
  CHECK_THAT(said(""), ContainsText("is a view of no file"));
  CHECK_THAT(said("whole.h5ad"), ContainsText("is a view itself"));
  REQUIRE(::symlink((shards.folder / "cells_0.h5ad").c_str(), (shards.folder / "link.h5ad").c_str()) == 0);
  CHECK_THAT(said("link.h5ad\ncells_1.h5ad"), ContainsText("'link.h5ad', which is no plain file"));
  std::filesystem::remove(shards.folder / "cells_1.h5ad");
  CHECK_THAT(said("cells_0.h5ad\ncells_1.h5ad"), ContainsText("'cells_1.h5ad', which is not beside it"));
}

TEST_CASE("h5ad view: without its mark the virtual datasets are refused, as in any file") {
  const Shards shards({10, 12});
  shards.write();
  {
    const io::Hdf5Handle file(H5Fopen(shards.view.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Adelete(file.get(), io::view_mark);
  }
  CHECK_THAT(message([&] { (void)io::read_h5ad(shards.view); }),
             ContainsText("keeps its values in another file, which is not read"));
}

TEST_CASE("h5ad view: a damaged file is named, a column of the view alone is a note") {
  const Shards shards({30, 12});
  shards.write();
  {
    const io::Hdf5Handle file(H5Fopen(shards.view.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    const hsize_t n = 42;
    const io::Hdf5Handle space(H5Screate_simple(1, &n, nullptr));
    const io::Hdf5Handle data(
        H5Dcreate2(file.get(), "obs/cluster", H5T_NATIVE_INT, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  const CellTable read = io::read_h5ad(shards.view);
  REQUIRE(read.notes.size() == 1);
  CHECK_THAT(read.notes[0], ContainsText("'cluster' is in the view alone"));
  const std::string path = shards.folder / "cells_1.h5ad", bytes = fixtures::read_bytes(path);
  fixtures::write_bytes(path, bytes.substr(0, bytes.size() / 2));
  CHECK_THAT(message([&] { (void)io::read_h5ad(shards.view); }), ContainsText("cells_1.h5ad"));
}

TEST_CASE("h5ad view: on a full disk the former view stays") {
  const Shards shards({40, 25});
  shards.write();
  const std::string before = fixtures::read_bytes(shards.view);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{4096, limit.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string said = message([&] { shards.write(); });
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  CHECK_THAT(said, ContainsText("whole.h5ad"));
  CHECK(fixtures::read_bytes(shards.view) == before);
}

TEST_CASE("H5adShards: a view stands for its files, which count once beside it; H5adRows says so") {
  const Shards shards({40, 1, 25});
  shards.write();
  const std::string first = shards.folder / shards.names[0];
  io::H5adShards cells({first, shards.view});
  CHECK(cells.files().size() == 3);
  REQUIRE(cells.cells() == 66);
  Counts all;
  cells.read(0, 66, all);
  CHECK(fixtures::dense(all.view()) == fixtures::dense(shards.whole.counts.view()));
  CHECK_THROWS_WITH(io::H5adRows(shards.view),
                    ContainsText("is a view of the files beside it: H5adShards reads those"));
}
