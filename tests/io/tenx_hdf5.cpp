#include <string>
#include <vector>

#include <latentcell/io/tenx_hdf5.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::dense;
using fixtures::message;
using fixtures::reference;

namespace {

std::vector<std::string> symbols(const CellTable& table) {
  return std::get<std::vector<std::string>>(table.gene_columns.get("gene_symbol"));
}

}  // namespace

TEST_CASE("read_tenx_hdf5: version 2 takes the genome asked for, and lists those there are") {
  const std::string path = reference("tenx_v2.h5");
  const CellTable table = io::read_tenx_hdf5(path, {.genome = "GRCh38"});
  CHECK(dense(table.counts) == fixtures::reference_counts());
  CHECK(table.gene_names[2] == "ENSG00003");
  CHECK(table.cell_names[5] == "AAAC-6");
  CHECK(symbols(table) == std::vector<std::string>{"CD3D", "LYZ", "LYZ", "NKG7", "PPBP"});
  CHECK(dense(io::read_tenx_hdf5(path, {.genome = "mm10"}).counts) == 2 * fixtures::reference_counts());
  CHECK(message([&] { io::read_tenx_hdf5(path); }) ==
        path + ": has several genomes, choose one (genome): GRCh38, mm10");
  CHECK(message([&] { io::read_tenx_hdf5(path, {.genome = "hg19"}); }) ==
        path + ": has no genome 'hg19'; there are GRCh38, mm10");
}

TEST_CASE("read_tenx_hdf5: version 3 keeps gene expression and says what it left out") {
  const std::string path = reference("tenx_v3.h5");
  const CellTable table = io::read_tenx_hdf5(path);
  CHECK(dense(table.counts) == fixtures::reference_counts().leftCols(3));
  CHECK(table.gene_names == std::vector<std::string>{"ENSG00001", "ENSG00002", "ENSG00003"});
  CHECK(symbols(table) == std::vector<std::string>{"CD3D", "LYZ", "LYZ"});
  CHECK(table.gene_columns.labels("feature_type").levels == std::vector<std::string>{"Gene Expression"});
  CHECK(table.gene_columns.labels("genome").codes == std::vector<int>{0, 0, 1});
  CHECK(table.notes ==
        std::vector<std::string>{path + ": 2 features of Antibody Capture are the obsm entry 'protein_expression'"});

  const CellTable antibodies = io::read_tenx_hdf5(path, {.feature_type = "Antibody Capture"});
  CHECK(dense(antibodies.counts) == fixtures::reference_counts().rightCols(2));
  CHECK(dense(io::read_tenx_hdf5(path, {.feature_type = ""}).counts) == fixtures::reference_counts());
  const CellTable mouse = io::read_tenx_hdf5(path, {.genome = "mm10"});
  CHECK(mouse.gene_names == std::vector<std::string>{"ENSG00003"});
  CHECK(dense(mouse.counts) == fixtures::reference_counts().middleCols(2, 1));
  CHECK_THAT(message([&] { io::read_tenx_hdf5(path, {.feature_type = "Peaks"}); }),
             ContainsText("has no features of type 'Peaks'; types are: Antibody Capture 2, Gene Expression 3"));
}

TEST_CASE("read_tenx_hdf5: contradictions inside a file are one sentence") {
  struct Case {
    void (*change)(hid_t);
    const char* text;
  };
  using Ints = std::vector<std::int32_t>;
  using Floats = std::vector<float>;
  const Case cases[] = {
      {[](hid_t f) {
         fixtures::replace(f, "matrix/shape", Ints{5, 7});
       },
       ": matrix: names 6 barcodes but its shape is 5 features x 7 cells"},
      {[](hid_t f) {
         fixtures::replace(f, "matrix/shape", Ints{4, 6});
       },
       ": matrix/features/id: has 5 entries but the matrix has 4 features"},
      {[](hid_t f) { H5Ldelete(f, "matrix/barcodes", H5P_DEFAULT); }, ": matrix: has no 'barcodes'; there are data"},
      {[](hid_t f) { H5Ldelete(f, "matrix", H5P_DEFAULT); }, ": is no 10x file: it has neither 'matrix' nor a genome"},
      {[](hid_t f) {
         fixtures::replace(f, "matrix/data", Floats{0.5f, 1, 1, 1, 1, 1, 1, 1, 1, 1});
       },
       ": matrix holds 0.5 (cell 'AAAC-1', gene 'ENSG00001'): counts are whole numbers"},
  };
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5";
  for (const Case& one : cases) {
    fixtures::write_bytes(path, fixtures::read_bytes(reference("tenx_v3.h5")));
    fixtures::edit_hdf5(path, one.change);
    CHECK_THAT(message([&] { io::read_tenx_hdf5(path); }), ContainsText(path + one.text));
  }
}

TEST_CASE("read_tenx_hdf5: repeated ids get numbers that are free, with a note") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5";
  fixtures::write_bytes(path, fixtures::read_bytes(reference("tenx_v3.h5")));
  fixtures::edit_hdf5(path, [](hid_t f) {
    H5Ldelete(f, "matrix/features/id", H5P_DEFAULT);
    H5Lcreate_hard(f, "matrix/features/name", f, "matrix/features/id", H5P_DEFAULT, H5P_DEFAULT);
  });
  const CellTable table = io::read_tenx_hdf5(path);
  CHECK(table.gene_names[1] == "LYZ");
  CHECK(table.gene_names[2] == "LYZ-1");
  REQUIRE(table.notes.size() == 2);
  CHECK_THAT(table.notes[1], ContainsText("1 gene id was there before: made unique with -1, -2"));
}
