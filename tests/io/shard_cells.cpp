#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/shard_cells.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::dense;
using fixtures::message;
using fixtures::reference;

namespace {

CellTable made(const std::string& name, Index cells, Index genes, Rng& rng) {
  CellTable table;
  table.counts = Counts(genes);
  std::vector<int> types;
  for (Index i = 0; i < cells; ++i) {
    for (Index g = 0; g < genes; ++g) {
      if (i % 9 != 4 && rng.below(3) == 0) table.counts.push(std::int32_t(g), float(1 + rng.below(900)));
    }
    table.counts.end_row();
    table.cell_names.push_back(text(name, "_", i));
    types.push_back(int(rng.below(3)) - 1);
  }
  for (Index g = 0; g < genes; ++g) table.gene_names.push_back(text("gene", g));
  table.cell_columns = labelled("cell_type", Categorical{{name, "T"}, types});
  table.gene_columns = Annotation(genes);
  return table;
}

struct Input {
  fixtures::TemporaryFolder folder;
  std::vector<std::string> paths;
  std::vector<CellTable> tables;

  Input() {
    Rng rng(1);
    for (const auto& [name, cells] : {std::pair<const char*, Index>{"x", 130}, {"y", 1}, {"z", 70}}) {
      tables.push_back(made(name, cells, 40, rng));
      paths.push_back(folder / (std::string(name) + ".h5ad"));
      io::write_h5ad(paths.back(), tables.back());
    }
  }
  io::ShardedCells shard(const std::string& to, const io::ShardCellsOptions& options,
                         const io::ShardProgress& progress = {}) const {
    io::H5adShards cells(paths);
    return io::shard_cells(cells, folder / to, options, progress);
  }
  std::string path(const std::string& to, const std::string& file) const { return folder / (to + "/" + file); }
};

/// Every cell of the input is in the shards once, as it was.
void check_shards(const Input& in, const std::string& to, const io::ShardedCells& done) {
  std::set<std::pair<std::string, Index>> seen;
  Index cells = 0, nonzeros = 0;
  for (const std::string& file : done.files) {
    const CellTable shard = io::read_h5ad(in.path(to, file));
    CHECK(shard.notes.empty());
    CHECK(shard.gene_names == in.tables[0].gene_names);
    const Matrix<float> counts = dense(shard.counts);
    const Categorical files = shard.obs("source_file"), types = shard.obs("cell_type");
    const std::vector<double> rows = shard.cell_columns.numbers("source_row");
    for (Index i = 0; i < shard.cells(); ++i) {
      const std::string source = files.levels[to_size(files.codes[to_size(i)])];
      const Index row = Index(rows[to_size(i)]);
      CHECK(seen.emplace(source, row).second);
      const auto at = std::find(in.paths.begin(), in.paths.end(), source);
      REQUIRE(at != in.paths.end());
      const CellTable& table = in.tables[std::size_t(at - in.paths.begin())];
      CHECK(shard.cell_names[to_size(i)] == table.cell_names[to_size(row)]);
      CHECK(counts.row(i) == dense(table.counts.view().middle(row, 1)).row(0));
      const Categorical own = table.obs("cell_type");
      const int code = types.codes[to_size(i)], before = own.codes[to_size(row)];
      CHECK((code < 0) == (before < 0));
      if (code >= 0) CHECK(types.levels[to_size(code)] == own.levels[to_size(before)]);
    }
    CHECK(shard.cells() <= done.largest);
    CHECK(shard.cells() >= done.largest - 1);
    cells += shard.cells();
    nonzeros += shard.counts.nonzeros();
  }
  CHECK(cells == 201);
  CHECK(seen.size() == 201);
  CHECK(done.cells == cells);
  CHECK(done.nonzeros == nonzeros);
}

hid_t type_of_values(const std::string& path) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), data = H5Dopen2(file, "X/data", H5P_DEFAULT);
  const hid_t type = H5Dget_type(data);
  H5Dclose(data);
  H5Fclose(file);
  return type;
}

}  // namespace

TEST_CASE("shard_cells: every cell is in one shard, as it was, with the place where it comes from") {
  const Input in;
  for (const Index cells : {1000, 201, 200, 50, 7, 1}) {
    CAPTURE(cells);
    const std::string to = text("out", cells);
    const io::ShardedCells done = in.shard(to, {.cells = cells, .seed = 3});
    CHECK(done.files.size() == std::size_t((201 + cells - 1) / cells));
    CHECK(done.largest <= cells);
    CHECK(done.files[0] == "shard_0000.h5ad");
    if (cells > 1) check_shards(in, to, done);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(in.folder / to)) files += entry.exists();
    CHECK(files == done.files.size());
  }
}

TEST_CASE("shard_cells: little memory makes more shards of the same cells") {
  const Input in;
  // A shard of all would take 14 bytes for each of 2,400 non-zeros: more buffers than cells are needed to feel a MiB.
  const io::ShardedCells all = in.shard("all", {.memory = 1 << 20});
  CHECK(all.files.size() == 1);
  Rng rng(2);
  const CellTable wide = made("w", 300, 3000, rng);
  io::write_h5ad(in.folder / "wide.h5ad", wide);
  io::H5adShards cells({in.folder / "wide.h5ad"});
  const io::ShardedCells done = io::shard_cells(cells, in.folder / "wide", {.memory = 1 << 20});
  CHECK(done.files.size() > 3);
  CHECK(double(done.largest) * 14 * double(wide.counts.nonzeros()) / 300 < 1 << 20);
  std::set<std::string> names;
  for (const std::string& file : done.files) {
    for (const std::string& name : io::read_h5ad(in.path("wide", file)).cell_names) names.insert(name);
  }
  CHECK(names.size() == 300);
}

TEST_CASE("shard_cells: a seed decides every byte, another seed makes another order") {
  const Input in;
  const auto bytes = [&](const std::string& to, std::uint64_t seed) {
    std::string out;
    for (const std::string& file : in.shard(to, {.cells = 90, .seed = seed}).files)
      out += fixtures::read_bytes(in.path(to, file));
    return out;
  };
  const std::string first = bytes("a", 1);
  CHECK(first == bytes("b", 1));
  CHECK(first != bytes("c", 2));
}

TEST_CASE("shard_cells: each order is equally likely, and shards are ranges of it") {
  constexpr Index cells = 5, rounds = 12000;
  std::map<std::vector<Index>, int> orders;
  for (Index seed = 0; seed < rounds; ++seed) {
    const io::detail::ShardDeal deal(cells, 2, std::uint64_t(seed));
    ++orders[deal.cells_by_place()];
  }
  CHECK(orders.size() == 120);
  double chi_squared = 0;
  for (const auto& [order, n] : orders) chi_squared += (n - 100.0) * (n - 100.0) / 100.0;
  CHECK(chi_squared < 119 + 4 * std::sqrt(2.0 * 119));
  for (const Index shards : {1, 2, 3, 7, 10}) {
    const io::detail::ShardDeal deal(10, shards, 1);
    CHECK(deal.start(0) == 0);
    CHECK(deal.start(shards) == 10);
    for (Index place = 0; place < 10; ++place) {
      CHECK(deal.start(deal.shard(place)) <= place);
      CHECK(place < deal.start(deal.shard(place) + 1));
    }
  }
}

TEST_CASE("shard_cells: counts take 16 bits where they fit, 32 where they do not") {
  fixtures::TemporaryFolder folder;
  Rng rng(3);
  CellTable table = made("x", 40, 30, rng);
  for (const float largest : {65535.f, 65536.f, 16777215.f}) {
    table.counts.values()[5] = largest;
    io::write_h5ad(folder / "in.h5ad", table);
    io::H5adShards cells({folder / "in.h5ad"});
    const std::string to = folder / text("out", largest);
    (void)io::shard_cells(cells, to);
    const hid_t type = type_of_values(to + "/shard_0000.h5ad");
    CHECK(H5Tequal(type, largest < 65536 ? H5T_STD_U16LE : H5T_STD_U32LE) > 0);
    H5Tclose(type);
    const CellTable shard = io::read_h5ad(to + "/shard_0000.h5ad");
    CHECK(*std::max_element(shard.counts.values().begin(), shard.counts.values().end()) == largest);
  }
}

TEST_CASE("shard_cells: dense matrices and those kept by genes; shards of shards keep the first places") {
  fixtures::TemporaryFolder folder;
  for (const char* name : {"csc.h5ad", "dense.h5ad", "csr.h5ad"}) {
    const CellTable whole = io::read_h5ad(reference(name));
    io::H5adShards cells({reference(name)}, {}, {}, io::Layouts::any);
    const io::ShardedCells done = io::shard_cells(cells, folder / name, {.cells = 4, .seed = 8});
    REQUIRE(done.files.size() == 2);
    std::vector<std::string> paths;
    for (const std::string& file : done.files) paths.push_back(folder / (std::string(name) + "/" + file));
    io::H5adShards shards(paths);
    const std::string again = folder / (std::string(name) + "2");
    (void)io::shard_cells(shards, again, {.seed = 9});
    const CellTable table = io::read_h5ad(again + "/shard_0000.h5ad");
    const std::vector<double> rows = table.cell_columns.numbers("source_row");
    for (Index i = 0; i < 6; ++i) {
      const Index row = Index(rows[to_size(i)]);
      CHECK(dense(table.counts).row(i) == dense(whole.counts).row(row));
      CHECK(table.cell_names[to_size(i)] == whole.cell_names[to_size(row)]);
    }
  }
}

TEST_CASE("shard_cells: counts kept by genes that do not fit are refused before they are read") {
  const fixtures::TemporaryFolder folder;
  const std::string path = folder / "csc.h5ad";
  std::filesystem::copy_file(reference("csc.h5ad"), path);
  fixtures::edit_hdf5(path, [](hid_t f) { fixtures::replace(f, "X/data", std::vector<float>(70000, -1.0f)); });
  io::H5adShards cells({path}, {}, {}, io::Layouts::any);
  CHECK(cells.resident_bytes() == 560000);
  CHECK_THAT(message([&] { io::shard_cells(cells, folder / "out", {.memory = 1 << 20}); }),
             ContainsText("counts that are kept by genes (CSC) take 0 MB, and 1 may be used"));
}

TEST_CASE("shard_cells: stopped or failing work leaves nothing") {
  const Input in;
  for (const double at : {0.0, 0.5, 0.8}) {
    const io::ShardedCells done = in.shard("out", {.cells = 30}, [&](double share) { return share <= at; });
    CHECK(done.files.empty());
    CHECK(in.folder.list().size() == 3);
  }
  fixtures::edit_hdf5(in.paths[2], [&](hid_t f) {
    std::vector<float> values(in.tables[2].counts.values().begin(), in.tables[2].counts.values().end());
    values.back() = 0.5f;
    fixtures::replace(f, "X/data", values);
  });
  CHECK_THAT(message([&] { in.shard("out", {.cells = 30}); }), ContainsText("z.h5ad: X holds 0.5"));
  CHECK(in.folder.list().size() == 3);
}

TEST_CASE("shard_cells: places that are taken, and options out of their range") {
  const Input in;
  CHECK_THAT(message([&] { in.shard("x.h5ad", {}); }), ContainsText("x.h5ad: cannot be written: it is no folder"));
  CHECK_THAT(message([&] { in.shard("", {}); }), ContainsText("it is not empty"));
  CHECK_THAT(message([&] { in.shard("out", {.cells = 0}); }), ContainsText("shard_cells: cells must be at least 1"));
  CHECK_THAT(message([&] { in.shard("out", {.memory = 5}); }), ContainsText("shard_cells: memory must be at least"));
}
