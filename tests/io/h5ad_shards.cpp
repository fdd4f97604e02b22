#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/h5ad_shards.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::dense;
using fixtures::message;
using fixtures::reference;

namespace {

/// Cells of the genes named.
CellTable made(const std::string& name, Index cells, const std::vector<std::string>& genes, Rng& rng) {
  CellTable table;
  table.counts = Counts(Index(genes.size()));
  std::vector<int> types;
  for (Index i = 0; i < cells; ++i) {
    for (std::size_t g = 0; g < genes.size(); ++g) {
      if (rng.below(3) == 0) table.counts.push(std::int32_t(g), float(1 + rng.below(9)));
    }
    table.counts.end_row();
    table.cell_names.push_back(text(name, "_", i));
    types.push_back(int(rng.below(2)));
  }
  table.gene_names = genes;
  table.cell_columns = labelled("cell_type", Categorical{{name, "T"}, types});
  table.gene_columns = Annotation(Index(genes.size()));
  table.gene_columns.set("symbol", genes);
  return table;
}

struct Files {
  fixtures::TemporaryFolder folder;
  std::vector<std::string> paths;

  explicit Files(const std::vector<CellTable>& tables) {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      paths.push_back(folder / text("part", i, ".h5ad"));
      io::write_h5ad(paths.back(), tables[i]);
    }
  }
};

/// Files of the same cells read whole, aligned and put together in memory.
CellTable together(const std::vector<std::string>& paths, const std::vector<std::string>& genes) {
  CellTable out;
  for (const std::string& path : paths) append_cells(out, align_genes(io::read_h5ad(path), genes).cells);
  return out;
}

/// Reads all rows in blocks of any length, in any order.
void check_blocks(io::H5adShards& shards, const CellTable& whole, Rng& rng) {
  REQUIRE(shards.cells() == whole.cells());
  REQUIRE(shards.genes() == whole.genes());
  shards.annotation().check();
  CHECK(shards.annotation().gene_names == whole.gene_names);
  CHECK(shards.annotation().cell_names == whole.cell_names);
  CHECK(shards.annotation().cell_columns.list() == whole.cell_columns.list());
  CHECK(shards.annotation().obs("cell_type") == whole.obs("cell_type"));
  const Matrix<float> counts = dense(whole.counts);
  Counts block;
  for (int i = 0; i < 50; ++i) {
    const Index first = i == 0 ? 0 : Index(rng.below(std::uint64_t(shards.cells()) + 1));
    const Index count = i == 0 ? shards.cells() : Index(rng.below(std::uint64_t(shards.cells() - first) + 1));
    shards.read(first, count, block);
    CAPTURE(first, count);
    REQUIRE(block.rows() == count);
    CHECK(dense(block) == counts.middleRows(first, count));
    CHECK(block.nonzeros() <= shards.entries(first, count));
  }
}

}  // namespace

TEST_CASE("H5adShards: cells of files with the same genes, in any blocks, are those of the files one after the other") {
  Rng rng(1);
  const std::vector<std::string> genes{"A", "B", "C", "D", "E"};
  const Files files({made("x", 40, genes, rng), made("y", 1, genes, rng), made("z", 90, genes, rng)});
  io::H5adShards shards(files.paths);
  check_blocks(shards, together(files.paths, genes), rng);
  CHECK(shards.notes().empty());
  CHECK(shards.annotation().gene_columns.has("symbol"));
  CHECK(shards.place(0).file == 0);
  CHECK(shards.place(40).file == 1);
  CHECK(shards.place(41).file == 2);
  CHECK(shards.place(130).row == 89);
}

TEST_CASE("H5adShards: other orders of genes, genes that some files lack, columns that some files lack") {
  Rng rng(2);
  CellTable last = made("z", 30, {"F", "D", "B", "A"}, rng);
  last.cell_columns.set("age", std::vector<double>(30, 7));
  const Files files({made("x", 40, {"A", "B", "C", "D"}, rng), made("y", 20, {"D", "A", "E", "B"}, rng), last});
  io::H5adShards shards(files.paths);
  const std::vector<std::string> common{"A", "B", "D"};
  check_blocks(shards, together(files.paths, common), rng);
  CHECK(std::isnan(shards.annotation().cell_columns.numbers("age")[0]));
  CHECK(shards.annotation().cell_columns.numbers("age")[60] == 7);
  CHECK(shards.annotation().gene_columns.has("symbol"));
  CHECK(shards.notes() == std::vector<std::string>{files.paths[0] + ": 1 gene is not in all files: left out",
                                                   files.paths[1] + ": 1 gene is not in all files: left out",
                                                   files.paths[2] + ": 1 gene is not in all files: left out"});
}

TEST_CASE("H5adShards: genes that are given are read, those a file lacks as 0") {
  Rng rng(3);
  const Files files({made("x", 40, {"A", "B", "C", "D"}, rng), made("y", 20, {"D", "A", "E"}, rng)});
  const std::vector<std::string> genes{"E", "D", "C"};
  io::H5adShards shards(files.paths, {}, genes);
  check_blocks(shards, together(files.paths, genes), rng);
  CHECK(shards.notes() == std::vector<std::string>{files.paths[0] + ": lacks 1 of 3 genes: taken as 0",
                                                   files.paths[0] + ": 2 genes are not to be read: left out",
                                                   files.paths[1] + ": lacks 1 of 3 genes: taken as 0",
                                                   files.paths[1] + ": 1 gene is not to be read: left out"});
}

TEST_CASE("H5adShards: one file is a table too; names that repeat between files get numbers") {
  Rng rng(4);
  const CellTable table = made("x", 10, {"A", "B"}, rng);
  const Files files({table, table});
  io::H5adShards one({files.paths[0]});
  check_blocks(one, table, rng);
  io::H5adShards two(files.paths);
  CHECK(two.annotation().cell_names[10] == "x_0-1");
  CHECK(two.notes() == std::vector<std::string>{"all files: 10 cell names were there before: made unique with -1, -2"});
}

TEST_CASE("H5adShards: other layouts where they are asked for; notes of rows that are read") {
  Rng rng(5);
  const std::vector<std::string> paths{reference("csr.h5ad"), reference("csc.h5ad")};
  CHECK_THAT(message([&] { io::H5adShards shards(paths); }), ContainsText("is kept by genes (CSC)"));
  io::H5adShards shards(paths, {}, {}, io::Layouts::any);
  Counts block;
  shards.read(0, 12, block);
  CHECK(dense(block).topRows(6) == fixtures::reference_counts());
  CHECK(dense(block).bottomRows(6) == fixtures::reference_counts());
  CHECK(shards.resident_bytes() == 80);
}

TEST_CASE("H5adShards: files that are no table, rows that are not there, damage") {
  Rng rng(6);
  CellTable other = made("y", 20, {"A", "B"}, rng);
  other.cell_columns.set("cell_type", std::vector<double>(20, 0.5));
  const Files files({made("x", 40, {"A", "B"}, rng), made("z", 20, {"Q"}, rng), other});
  CHECK_THAT(message([] { io::H5adShards shards(std::vector<std::string>{}); }), ContainsText("there are no files"));
  CHECK_THAT(message([&] {
               io::H5adShards shards({files.paths[0], "/no/such.h5ad"});
             }),
             ContainsText("/no/such.h5ad: cannot be opened"));
  CHECK_THAT(message([&] {
               io::H5adShards shards({files.paths[0], files.paths[1]});
             }),
             ContainsText("part1.h5ad: has none of the genes of the files before it (Q, ...)"));
  CHECK_THAT(message([&] { io::H5adShards shards({files.paths[0]}, {}, {"R"}); }),
             ContainsText("part0.h5ad: none of its 2 genes (A, ...) is among the 1 to read (R, ...)"));
  CHECK_THAT(message([&] {
               io::H5adShards shards({files.paths[0], files.paths[2]});
             }),
             ContainsText("these files are not one table: append_cells: column 'cell_type'"));
  io::H5adShards shards({files.paths[0], files.paths[0]});
  Counts block;
  CHECK_THAT(message([&] { shards.read(70, 11, block); }), ContainsText("rows 70 to 81 of 80"));
  CHECK_THAT(message([&] { (void)shards.place(80); }), ContainsText("cell 80 of 80"));
  fixtures::edit_hdf5(files.paths[2], [](hid_t f) { fixtures::replace(f, "X/data", std::vector<float>{1}); });
  CHECK_THAT(message([&] { io::H5adShards({files.paths[2]}); }), ContainsText("X: data has 1 entries"));
}
