#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/h5ad_rows.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::dense;
using fixtures::message;
using fixtures::reference;
using fixtures::replace;

namespace {

/// Cells with rows of unlike length, some of them empty.
CellTable made(Index cells, Index genes, Rng& rng) {
  CellTable table;
  table.counts = Counts(genes);
  for (Index i = 0; i < cells; ++i) {
    const double share = i % 7 == 3 ? 0 : rng.uniform_double();
    for (Index g = 0; g < genes; ++g) {
      if (rng.uniform_double() < share) table.counts.push(std::int32_t(g), float(1 + rng.below(g == 0 ? 16777215 : 9)));
    }
    table.counts.end_row();
    table.cell_names.push_back(text("cell ", i));
  }
  for (Index g = 0; g < genes; ++g) table.gene_names.push_back(text("gene ", g));
  table.cell_columns = Annotation(cells);
  table.gene_columns = Annotation(genes);
  return table;
}

bool same(const Counts& a, const Counts& b) {
  const auto equal = [](const auto& x, const auto& y) { return std::equal(x.begin(), x.end(), y.begin(), y.end()); };
  return a.cols() == b.cols() && equal(a.row_start(), b.row_start()) && equal(a.columns(), b.columns()) &&
         equal(a.values(), b.values());
}

Counts middle(const Counts& of, Index first, Index count) {
  std::vector<Index> rows;
  for (Index i = first; i < first + count; ++i) rows.push_back(i);
  return select_rows(of, rows);
}

/// Reads all rows in blocks of any length, in any order.
void check_blocks(const std::string& path, const io::H5adOptions& options, Rng& rng,
                  io::Layouts layouts = io::Layouts::rows) {
  const CellTable whole = io::read_h5ad(path, options);
  io::H5adRows rows(path, options, layouts);
  REQUIRE(rows.cells() == whole.cells());
  REQUIRE(rows.genes() == whole.genes());
  Counts block;
  rows.read(0, rows.cells(), block);
  CHECK(same(block, whole.counts));
  for (int i = 0; i < 40; ++i) {
    const Index first = Index(rng.below(std::uint64_t(rows.cells()) + 1));
    const Index count = Index(rng.below(std::uint64_t(rows.cells() - first) + 1));
    rows.read(first, count, block);
    CAPTURE(first, count);
    CHECK(same(block, middle(whole.counts, first, count)));
  }
}

}  // namespace

TEST_CASE("H5adRows: rows read in any blocks are those of read_h5ad") {
  fixtures::TemporaryFolder folder;
  Rng rng(5);
  const CellTable table = made(700, 400, rng);
  for (const io::H5adWriteOptions& how : {io::H5adWriteOptions{.compression = 0}, io::H5adWriteOptions{}}) {
    const std::string path = folder / "t.h5ad";
    io::write_h5ad(path, table, how);
    REQUIRE(same(io::read_h5ad(path).counts, table.counts));
    check_blocks(path, {}, rng);
  }
  check_blocks(reference("csr.h5ad"), {}, rng);
  check_blocks(reference("old.h5ad"), {}, rng);
}

TEST_CASE("H5adRows: dense matrices and those kept by genes are read in blocks where that is asked for") {
  Rng rng(10);
  for (const char* name : {"csr.h5ad", "csc.h5ad", "dense.h5ad"}) {
    check_blocks(reference(name), {}, rng, io::Layouts::any);
  }
  check_blocks(reference("layers.h5ad"), {.values = io::Values::any}, rng, io::Layouts::any);
  check_blocks(reference("layers.h5ad"), {.values = io::Values::rounded}, rng, io::Layouts::any);
  CHECK(io::H5adRows(reference("csc.h5ad"), {}, io::Layouts::any).resident_bytes() == 80);
}

TEST_CASE("H5adRows: values that are rounded, or any, are so in every block") {
  fixtures::TemporaryFolder folder;
  Rng rng(9);
  const std::string path = folder / "t.h5ad";
  const CellTable table = made(300, 300, rng);
  io::write_h5ad(path, table);
  std::vector<double> values(table.counts.values().begin(), table.counts.values().end());
  for (double& value : values) value = std::min(value, 1e6) - (rng.below(50) == 0 ? 0.75 : 0);
  fixtures::edit_hdf5(path, [&](hid_t f) { replace(f, "X/data", values); });
  check_blocks(path, {.values = io::Values::any}, rng);
  check_blocks(path, {.values = io::Values::rounded}, rng);
  io::H5adRows rows(path, {.values = io::Values::rounded});
  Counts block;
  for (int i = 0; i < 2; ++i) rows.read(0, rows.cells(), block);
  CHECK(rows.annotation().notes == std::vector<std::string>{path + ": X: values are rounded to whole numbers"});
}

TEST_CASE("H5adRows: columns out of order, given twice and zeros are put right, in blocks that chunks cut") {
  fixtures::TemporaryFolder folder;
  Rng rng(6);
  const std::string path = folder / "t.h5ad";
  io::write_h5ad(path, made(600, 300, rng));
  fixtures::edit_hdf5(path, [&](hid_t f) {
    const CellTable table = io::read_h5ad(path, {.try_first = false});
    std::vector<std::int32_t> columns(table.counts.columns().begin(), table.counts.columns().end());
    std::vector<float> values(table.counts.values().begin(), table.counts.values().end());
    for (int i = 0; i < 500; ++i) {
      const std::size_t at = std::size_t(rng.below(columns.size() - 1));
      if (i % 3 == 0) std::swap(columns[at], columns[at + 1]);
      if (i % 3 == 1) columns[at] = columns[at + 1];
      if (i % 3 == 2) values[at] = i % 2 == 0 ? 0.f : -0.f;
    }
    replace(f, "X/indices", columns);
    replace(f, "X/data", values);
  });
  const CellTable whole = io::read_h5ad(path);
  REQUIRE(whole.notes.size() == 1);
  CHECK_THAT(whole.notes[0], ContainsText("given more than once: added up"));
  check_blocks(path, {}, rng);
  io::H5adRows rows(path);
  Counts block;
  for (int i = 0; i < 3; ++i) rows.read(0, rows.cells(), block);
  CHECK(rows.annotation().notes == std::vector<std::string>{path + ": X: entries are given more than once: added up"});
}

TEST_CASE("H5adRows: every wrong value is found, in whichever block and place it is") {
  fixtures::TemporaryFolder folder;
  Rng rng(7);
  const std::string path = folder / "t.h5ad";
  const CellTable table = made(500, 400, rng);
  const Index n = table.counts.nonzeros();
  REQUIRE(n > Index{2} << 15);  // several blocks
  for (int i = 0; i < 60; ++i) {
    io::write_h5ad(path, table, {.compression = 0});
    const std::size_t at = i == 0 ? 0 : i == 1 ? std::size_t(n - 1) : std::size_t(rng.below(std::uint64_t(n)));
    const std::vector<float> wrong{-1, 0.5f, std::nanf(""), INFINITY, 16777216, -INFINITY, 8388607.5f, 1e-40f};
    std::vector<std::int32_t> columns(table.counts.columns().begin(), table.counts.columns().end());
    std::vector<float> values(table.counts.values().begin(), table.counts.values().end());
    if (i % 3 == 0) {
      columns[at] = i % 2 == 0 ? -1 : 400;
    } else {
      values[at] = wrong[std::size_t(i) % wrong.size()];
    }
    fixtures::edit_hdf5(path, [&](hid_t f) {
      replace(f, "X/indices", columns);
      replace(f, "X/data", values);
    });
    const std::string whole = message([&] { io::read_h5ad(path, {.try_first = false}); });
    CAPTURE(i, at);
    CHECK_THAT(whole,
               i % 3 == 0 ? ContainsText(text("X/indices: entry ", at, " is ", columns[at])) : ContainsText("X holds"));
    io::H5adRows rows(path, {.try_first = false});
    Counts block;
    CHECK(message([&] { rows.read(0, rows.cells(), block); }) == whole);
    CHECK(block.rows() == 0);
    const auto starts = table.counts.row_start();
    const Index cell = Index(std::upper_bound(starts.begin(), starts.end(), std::int64_t(at)) - starts.begin()) - 1;
    CHECK(message([&] { rows.read(cell, 1, block); }) == whole);
    CHECK(message([&] { rows.read(0, cell, block); }) == "");
    CHECK(message([&] { rows.read(cell + 1, rows.cells() - cell - 1, block); }) == "");
  }
}

TEST_CASE("H5adRows: names, obs and var are those of read_h5ad; of features the genes are left") {
  const std::string path = reference("csr.h5ad");
  const CellTable whole = io::read_h5ad(path);
  const io::H5adRows rows(path);
  CHECK(rows.annotation().cell_names == whole.cell_names);
  CHECK(rows.annotation().gene_names == whole.gene_names);
  CHECK(rows.annotation().obs("cell_type") == whole.obs("cell_type"));
  CHECK(rows.annotation().gene_columns.list() == whole.gene_columns.list());
  CHECK(rows.annotation().counts.nonzeros() == 0);
  rows.annotation().check();
  CHECK(rows.entries(0, rows.cells()) == 10);

  fixtures::TemporaryFolder folder;
  CellTable mixed;
  mixed.counts = Counts(4, {0, 3, 5}, {0, 1, 3, 1, 2}, {1, 7, 9, 4, 5});
  mixed.cell_names = {"a", "b"};
  mixed.gene_names = {"LYZ", "CD3", "MS4A1", "peak"};
  mixed.cell_columns = Annotation(2);
  mixed.gene_columns = Annotation(4);
  mixed.gene_columns.set("feature_types", Categorical{{"Gene Expression", "Antibody Capture", "Peaks"}, {0, 1, 0, 2}});
  io::write_h5ad(folder / "t.h5ad", mixed);
  io::H5adRows genes(folder / "t.h5ad");
  Counts block;
  genes.read(0, 2, block);
  CHECK(same(block, io::read_h5ad(folder / "t.h5ad").counts));
  CHECK(genes.annotation().gene_names == std::vector<std::string>{"LYZ", "MS4A1"});
  REQUIRE(genes.annotation().notes.size() == 1);
  CHECK_THAT(genes.annotation().notes[0], ContainsText("2 features were left out"));
}

TEST_CASE("H5adRows: what cannot be read in blocks, rows that are not there, files that change") {
  CHECK(message([] { io::H5adRows(reference("csc.h5ad")); }) ==
        reference("csc.h5ad") +
            ": X: is kept by genes (CSC): cells are read in blocks of CSR files alone; the program "
            "shard_cells writes them");
  CHECK_THAT(message([] { io::H5adRows(reference("dense.h5ad")); }), ContainsText("X: is dense: cells are read"));
  CHECK_THAT(message([] { io::H5adRows("/no/such.h5ad"); }), ContainsText("cannot be opened"));
  io::H5adRows rows(reference("csr.h5ad"));
  Counts block;
  CHECK_THAT(message([&] { rows.read(4, 3, block); }), ContainsText("rows 4 to 7 of 6"));
  CHECK_THAT(message([&] { rows.read(-1, 3, block); }), ContainsText("rows -1 to 2 of 6"));
  rows.read(6, 0, block);
  CHECK(block.rows() == 0);
  CHECK(block.cols() == 5);
}

TEST_CASE("H5adRows: memory of a block is used again") {
  io::H5adRows rows(reference("csr.h5ad"));
  Counts block;
  rows.read(0, 6, block);
  const float* const before = block.values().data();
  rows.read(3, 3, block);
  CHECK(block.values().data() == before);
}

TEST_CASE("H5adRows: a file cut while it is open is an error, not other cells") {
  fixtures::TemporaryFolder folder;
  Rng rng(8);
  const std::string path = folder / "t.h5ad";
  io::write_h5ad(path, made(600, 400, rng));
  io::H5adRows rows(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 4);
  Counts block;
  CHECK_THAT(message([&] { rows.read(0, rows.cells(), block); }), ContainsText("X/"));
}
