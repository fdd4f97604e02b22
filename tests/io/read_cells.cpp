#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <latentcell/io/h5ad_write.hpp>
#include <latentcell/io/read_cells.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;
using fixtures::reference;

TEST_CASE("read_cells: the path says the reader") {
  CHECK(io::read_cells(reference("csr.h5ad")).gene_names[0] == "CD3D");
  CHECK(io::read_cells(reference("layers.h5ad"), {.layer = "raw"}).genes() == 7);
  CHECK(io::read_cells(reference("tenx_v2.h5"), {.genome = "GRCh38"}).gene_names[0] == "ENSG00001");
  CHECK(io::read_cells(reference("tenx_v3.h5")).genes() == 3);
  CHECK(io::read_cells(reference("mtx")).genes() == 5);
  CHECK(io::read_cells(reference("mtx_gz/matrix.mtx.gz"), {.feature_type = ""}).genes() == 5);
  fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "t.tsv", "\tA\tB\na\t1\t2\n");
  CHECK(io::read_cells(folder / "t.tsv").genes() == 2);
  CHECK(io::read_cells(folder / "t.tsv", {.rows = io::TableRows::genes}).cells() == 2);
  fixtures::write_bytes(folder / "t.h5", fixtures::read_bytes(reference("csr.h5ad")));
  CHECK(io::read_cells(folder / "t.h5").genes() == 5);
}

TEST_CASE("read_cells: HDF5 is known by its first bytes, and what it holds by its groups") {
  fixtures::TemporaryFolder folder;
  for (const char* name : {"noext", "T.H5AD", "t.hdf5"}) {
    fixtures::write_bytes(folder / name, fixtures::read_bytes(reference("csr.h5ad")));
    CHECK(io::read_cells(folder / name).genes() == 5);
  }
  const hid_t file = H5Fcreate((folder / "loom.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  for (const char* name : {"row_attrs", "col_attrs"})
    H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(file);
  CHECK_THAT(message([&] { io::read_cells(folder / "loom.h5"); }), ContainsText("loom.h5: is a loom file"));
}

TEST_CASE("read_cells: of a MuData file the RNA with its proteins, cell by cell") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5mu";
  CellTable proteins;
  proteins.counts = Counts(2, {0, 2, 3}, {0, 1, 1}, {7, 8, 9});
  proteins.cell_names = {"AAAC-2", "AAAC-1"};
  proteins.gene_names = {"CD3", "CD19"};
  proteins.cell_columns = Annotation(2);
  proteins.gene_columns = Annotation(2);
  io::write_h5ad(folder / "prot.h5ad", proteins);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t modalities = H5Gcreate2(file, "mod", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  for (const auto& [name, from] : {std::pair<const char*, std::string>{"rna", reference("csr.h5ad")},
                                   {"prot", folder / "prot.h5ad"},
                                   {"atac", folder / "prot.h5ad"}}) {
    const hid_t source = H5Fopen(from.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    H5Ocopy(source, "/", modalities, name, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(source);
  }
  H5Gclose(modalities);
  H5Fclose(file);
  const CellTable table = io::read_cells(path);
  CHECK(fixtures::dense(table.counts) == fixtures::reference_counts());
  const Matrix<float>& values = table.embeddings.at("protein_expression");
  REQUIRE(values.rows() == 6);
  CHECK(values(0, 0) == 0);
  CHECK(values(0, 1) == 9);
  CHECK(values(1, 0) == 7);
  CHECK(std::isnan(values(2, 0)));
  CHECK(table.strings.at("protein_expression_columns") == std::vector<std::string>{"CD3", "CD19"});
  REQUIRE(table.notes.size() == 2);
  CHECK_THAT(table.notes[1], ContainsText("modalities left out: atac"));
}

TEST_CASE("read_cells: what has no reader is said") {
  fixtures::TemporaryFolder folder;
  const std::pair<const char*, const char*> kinds[] = {
      {"t.what", "t.what: has no supported extension; supported are .h5ad"},
      {"t.loom", "t.loom: is a loom file, which is not read"},
      {"T.LOOM", "T.LOOM: is a loom file, which is not read"},
      {"t.rds", "t.rds: is a file of R"},
      {"t.h5ad.gz", "t.h5ad.gz: is gzipped, and HDF5 is read unpacked alone"},
      {"t.h5seurat", "t.h5seurat: is a file of SeuratDisk"},
      {"t.tar.gz", "t.tar.gz: is an archive"}};
  for (const auto& [name, expected] : kinds) {
    fixtures::write_bytes(folder / name, "x");
    CHECK_THAT(message([&] { io::read_cells(folder / name); }), ContainsText(expected));
  }
  const std::pair<const char*, const char*> contents[] = {
      {"\x1F\x8Bxxxx", "t.h5ad: is gzipped (gunzip it first), not an HDF5 file"},
      {"<!DOCTYPE html>", "t.h5ad: is a web page, as of a download that failed, not an HDF5 file"},
      {"version https://git-lfs.github.com/spec/v1\n", "t.h5ad: is the pointer of a file in Git LFS"},
      {"", "t.h5ad: is empty, not an HDF5 file"}};
  for (const auto& [content, expected] : contents) {
    fixtures::write_bytes(folder / "t.h5ad", content);
    CHECK_THAT(message([&] { io::read_cells(folder / "t.h5ad"); }), ContainsText(expected));
  }
  std::filesystem::create_directory(folder / "t.zarr");
  fixtures::write_bytes(folder / "t.zarr/.zgroup", "{}");
  CHECK_THAT(message([&] { io::read_cells(folder / "t.zarr"); }), ContainsText("t.zarr: is a zarr store"));
  CHECK_THAT(message([] { io::read_cells("/no/such.csv"); }), ContainsText("/no/such.csv: cannot be opened"));
  CHECK_THAT(message([] { io::read_cells(reference("mtx"), {.layer = "counts"}); }),
             ContainsText("has no layer 'counts'"));
  CHECK_THAT(message([] { io::read_cells(reference("tenx_v3.h5"), {.layer = "counts"}); }),
             ContainsText("has no layer 'counts': it is no h5ad file"));
}

TEST_CASE("read_cells: published sets have the sizes that their notes say") {
  const char* data = std::getenv("LATENTCELL_DATA");
  if (data == nullptr || *data == '\0') {
    WARN("LATENTCELL_DATA is not set: the published sets are not read");
    return;
  }
  struct Case {
    const char* path;
    Index cells, genes, nonzeros;
    double total;
  };
  const Case cases[] = {
      {"zheng-sorted-pbmc/zheng_sorted_pbmc.h5ad", 2140, 8863, 2495965, 7376965},
      {"kang-ifnb-pbmc/kang_ifnb_pbmc.h5ad", 2800, 14053, 1971641, 5799413},
      {"celegans-embryo/celegans_embryo.h5ad", 1805, 10000, 753299, 1248505},
      {"malt-citeseq/malt_citeseq.h5ad", 1000, 33538, 1292474, 4473497},
      {"malt-citeseq/malt_rna_only.h5ad", 1100, 33538, 1364084, -1},
      {"osmfish-cortex/osmfish_cortex.h5ad", 6471, 33, -1, 1248106},
      {"breast-st-slices/slice1.csv.gz", 254, 7998, -1, -1},
      {"breast-st-slices/slice2.csv.gz", 251, 7713, -1, -1},
      {"breast-st-slices/slice3.csv.gz", 264, 7453, -1, -1},
      {"breast-st-slices/slice4.csv.gz", 262, 7571, -1, -1},
  };
  for (const Case& one : cases) {
    INFO(one.path);
    const CellTable table = io::read_cells(std::string(data) + "/" + one.path);
    CHECK(table.notes.empty());
    CHECK(table.cells() == one.cells);
    CHECK(table.genes() == one.genes);
    if (one.nonzeros >= 0) CHECK(table.counts.nonzeros() == one.nonzeros);
    double total = 0;
    for (Index c = 0; c < table.cells(); ++c) total += table.counts.view().row_sum(c);
    if (one.total >= 0) CHECK(total == one.total);
    const std::string path = one.path;
    if (path.starts_with("zheng")) CHECK(table.obs("cell_type").count(table.obs("cell_type").code_of("nk")) == 769);
    if (path.starts_with("kang")) CHECK(table.obs("condition").count(table.obs("condition").code_of("STIM")) == 1490);
    if (path.ends_with("malt_citeseq.h5ad")) {
      CHECK(table.strings.at("protein_names").size() == 17);
      CHECK(table.embeddings.at("protein_expression").cols() == 17);
      CHECK(table.embeddings.at("protein_expression").maxCoeff() == 12307);
    }
    if (path.starts_with("osmfish")) CHECK(table.embeddings.at("spatial").cols() == 2);
    if (path.ends_with("slice1.csv.gz")) {
      CHECK(table.cell_names[0] == "13.064x6.086");
      CHECK(table.gene_names[0] == "GAPDH");
    }
  }
}

TEST_CASE("read_cells: corrected counts are rounded where that is asked for, with a note, in every form") {
  fixtures::TemporaryFolder folder;
  CellTable table;
  table.counts = Counts(2, {0, 2, 4}, {0, 1, 0, 1}, {0.97f, 2, 0.4f, 3.6f});
  table.cell_names = {"a", "b"};
  table.gene_names = {"A", "B"};
  table.cell_columns = Annotation(2);
  table.gene_columns = Annotation(2);
  io::write_h5ad(folder / "t.h5ad", table);
  fixtures::write_bytes(folder / "t.csv", ",A,B\na,0.97,2\nb,0.4,3.6\n");
  Matrix<float> whole(2, 2);
  whole << 1, 2, 0, 4;
  for (const char* name : {"t.h5ad", "t.csv"}) {
    INFO(name);
    CHECK_THAT(message([&] { io::read_cells(folder / name); }), ContainsText("counts are whole numbers"));
    const CellTable found = io::read_cells(folder / name, {.values = io::Values::rounded});
    CHECK(fixtures::dense(found.counts.view()) == whole);
    CHECK(found.counts.view().nonzeros() == 3);  // what is rounded to 0 is not kept
    REQUIRE(found.notes.size() == 1);
    CHECK_THAT(found.notes[0], ContainsText("3 values are rounded to whole numbers, by 0.2766"));
  }
  fixtures::write_bytes(folder / "t.csv", ",A\na,-0.3\n");
  CHECK_THAT(message([&] { io::read_cells(folder / "t.csv", {.values = io::Values::rounded}); }),
             ContainsText("never negative"));
}
