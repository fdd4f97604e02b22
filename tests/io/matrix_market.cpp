#include <filesystem>
#include <string>
#include <vector>

#include <latentcell/io/matrix_market.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::dense;
using fixtures::message;
using fixtures::reference;

namespace {

const std::string head = "%%MatrixMarket matrix coordinate integer general\n";

/// A folder of 2 genes and 3 cells whose matrix is the given text.
struct Folder : fixtures::TemporaryFolder {
  explicit Folder(const std::string& matrix) {
    fixtures::write_bytes(*this / "matrix.mtx", matrix);
    fixtures::write_bytes(*this / "barcodes.tsv", "a\nb\nc\n");
    fixtures::write_bytes(*this / "genes.tsv", "g1\tX\ng2\tX\n");
  }
  CellTable read() const { return io::read_matrix_market(*this / ""); }
};

}  // namespace

TEST_CASE("read_matrix_market: plain and gzipped folders hold the same counts") {
  const CellTable plain = io::read_matrix_market(reference("mtx"));
  CHECK(dense(plain.counts) == fixtures::reference_counts());
  CHECK(plain.gene_names[1] == "ENSG00002");
  CHECK(std::get<std::vector<std::string>>(plain.gene_columns.get("gene_symbol"))[2] == "LYZ");
  CHECK(plain.cell_names[0] == "AAAC-1");
  CHECK(plain.notes.empty());
  CHECK(dense(io::read_matrix_market(reference("mtx/matrix.mtx")).counts) == fixtures::reference_counts());

  const CellTable zipped = io::read_matrix_market(reference("mtx_gz"), {.feature_type = ""});
  CHECK(dense(zipped.counts) == fixtures::reference_counts());
  const CellTable genes = io::read_matrix_market(reference("mtx_gz"));
  CHECK(dense(genes.counts) == fixtures::reference_counts().leftCols(3));
  REQUIRE(genes.notes.size() == 1);
  CHECK_THAT(genes.notes[0], ContainsText("2 features of Antibody Capture are the obsm entry 'protein_expression'"));
}

TEST_CASE("read_matrix_market: entries in any order, real and pattern matrices, comments, Windows line ends") {
  Matrix<float> expected(3, 2);
  expected << 1, 2, 0, 0, 3, 4;
  const std::string sorted = "2 3 4\n1 1 1\n2 1 2\n1 3 3\n2 3 4\n";
  CHECK(dense(Folder(head + sorted).read().counts) == expected);
  CHECK(dense(Folder(head + "2 3 4\n1 3 3\n2 1 2\n2 3 4\n1 1 1\n").read().counts) == expected);
  CHECK(dense(Folder(head + "2 3 4\n2 1 2\n2 3 4\n1 1 1\n1 3 3\n").read().counts) == expected);
  CHECK(
      dense(Folder(
                "%%matrixmarket MATRIX coordinate real general\n% a\n%b\n2 3 4\r\n1 1 1.0\r\n2 1 2e0\r\n1 3 3\r\n2 3 4")
                .read()
                .counts) == expected);
  const Matrix<float> ones = (expected.array() > 0).cast<float>();
  CHECK(dense(Folder("%%MatrixMarket matrix coordinate pattern general\n2 3 4\n1 1\n2 1\n1 3\n2 3\n").read().counts) ==
        ones);
}

TEST_CASE("read_matrix_market: cells x genes is taken as it is, with a note") {
  const CellTable table = Folder(head + "3 2 2\n1 2 5\n3 1 6\n").read();
  CHECK(table.counts.view().row_sum(0) == 5);
  CHECK(dense(table.counts)(2, 0) == 6);
  REQUIRE(table.notes.size() == 1);
  CHECK_THAT(table.notes[0], ContainsText("is cells x genes"));
}

TEST_CASE("read_matrix_market: entries given twice are added up, zeros dropped, with a note") {
  const CellTable table = Folder(head + "2 3 4\n1 1 1\n1 1 2\n2 2 0\n1 3 1\n").read();
  CHECK(dense(table.counts)(0, 0) == 3);
  CHECK(table.counts.nonzeros() == 2);
  CHECK(table.notes.size() == 1);
}

TEST_CASE("read_matrix_market: what is wrong is said with file, line and numbers") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "matrix.mtx: is empty"},
      {"hello\n", "line 1: 'hello' is not the head of a matrix of counts"},
      {"%%MatrixMarket matrix array real general\n2 3\n", "line 1: '%%MatrixMarket matrix array real general' is not"},
      {head, "matrix.mtx: cut short: it ends before its extents"},
      {head + "2 3\n", "line 2: needs three numbers: rows, columns, entries"},
      {head + "2 4 1\n1 1 1\n", "matrix.mtx: is 2 x 4 but there are 2 features and 3 barcodes"},
      {head + "2 3 2\n1 1 1\n", "matrix.mtx: cut short: it holds 1 entries but announces 2"},
      {head + "2 3 1\n1 1 1\n1 2 1\n", "line 4: is one entry more than the 1 announced"},
      {head + "2 3 1\n3 1 1\n", "line 3: entry (3, 1) lies outside the matrix of 2 x 3"},
      {head + "2 3 1\n0 1 1\n", "line 3: entry (0, 1) lies outside the matrix of 2 x 3"},
      {head + "2 3 1\n1 1\n", "line 3: needs three numbers: row, column, value"},
      {head + "2 3 1\n1 1 x\n", "line 3: needs three numbers: row, column, value"},
      {head + "2 3 1\n1 1 1.5\n", "line 3 holds 1.5 (cell 'a', gene 'g1'): counts are whole numbers"},
      {head + "2 3 1\n2 3 -1\n", "line 3 holds -1 (cell 'c', gene 'g2'): counts are never negative"},
      {head + "2 3 1\n2 3 nan\n", "line 3 holds nan (cell 'c', gene 'g2'): values must be finite"},
  };
  for (const auto& [matrix, expected] : cases) {
    const Folder folder(matrix);
    CHECK_THAT(message([&] { folder.read(); }), ContainsText(expected));
  }
}

TEST_CASE("read_matrix_market: the files beside the matrix") {
  const std::string good = head + "2 3 1\n1 1 1\n";
  {
    const Folder folder(good);
    std::filesystem::remove(folder / "barcodes.tsv");
    CHECK_THAT(message([&] { folder.read(); }), ContainsText("matrix.mtx: has no "));
  }
  {
    const Folder folder(good);
    fixtures::write_bytes(folder / "barcodes.tsv", "a\nb\na\n");
    CHECK(folder.read().cell_names == std::vector<std::string>{"a", "b", "a-1"});
  }
  {
    const Folder folder(good);
    fixtures::write_bytes(folder / "genes.tsv", "g1\tX\ng2\n");
    CHECK_THAT(message([&] { folder.read(); }),
               ContainsText("genes.tsv: line 2: has 1 fields but the first line has 2"));
  }
  {
    const Folder folder(good);
    fixtures::write_bytes(folder / "genes.tsv", "g1\tX\ng1\tY\n");
    CHECK(folder.read().gene_names == std::vector<std::string>{"g1", "g1-1"});
  }
  {
    const Folder folder(good);
    fixtures::write_bytes(folder / "barcodes.tsv", "\"a\"\n\"b\"\n\"c\"\"x\"\n\n");
    fixtures::write_bytes(folder / "genes.tsv", "\"g1\"\t\"X\"\n\"g2\"\t\"Y\"\n");
    const CellTable table = folder.read();
    CHECK(table.cell_names == std::vector<std::string>{"a", "b", "c\"x"});
    CHECK(table.gene_names == std::vector<std::string>{"g1", "g2"});
  }
  {
    const Folder folder(good);
    fixtures::write_bytes(folder / "barcodes.tsv", "barcode\na\nb\nc\n");
    fixtures::write_bytes(folder / "genes.tsv", "1\tg1\n2\tg2\n");
    const CellTable table = folder.read();
    CHECK(table.cell_names == std::vector<std::string>{"a", "b", "c"});
    CHECK(table.gene_names == std::vector<std::string>{"g1", "g2"});
    CHECK(table.notes.size() == 2);
  }
  {
    const Folder folder(good);
    std::filesystem::rename(folder / "matrix.mtx", folder / "GSE1_count_matrix.mtx");
    std::filesystem::rename(folder / "barcodes.tsv", folder / "GSE1_barcodes.tsv");
    std::filesystem::rename(folder / "genes.tsv", folder / "GSE2_genes.tsv");
    const CellTable table = folder.read();
    CHECK(table.cells() == 3);
    REQUIRE(table.notes.size() == 2);
    CHECK_THAT(table.notes[0], ContainsText("GSE1_count_matrix.mtx: its names are taken from GSE1_barcodes.tsv"));
    fixtures::write_bytes(folder / "GSE3_barcodes.tsv", "a\nb\nc\n");
    CHECK_THAT(message([&] { folder.read(); }),
               ContainsText("and the folder has several: GSE1_barcodes.tsv, GSE3_barcodes.tsv"));
  }
  for (const char* kind : {"float", "double"}) {
    const Folder folder(text("%%MatrixMarket matrix coordinate ", kind, " general\n2 3 1\n1 1 4.0\n"));
    std::filesystem::rename(folder / "matrix.mtx", folder / "cells_x_genes.mtx");
    std::filesystem::rename(folder / "barcodes.tsv", folder / "cells_x_genes.barcodes.txt");
    std::filesystem::rename(folder / "genes.tsv", folder / "cells_x_genes.genes.txt");
    CHECK(folder.read().counts.view().row_sum(0) == 4);
  }
  {
    const Folder folder(good);
    for (const char* name : {"matrix.mtx", "barcodes.tsv", "genes.tsv"}) {
      std::filesystem::rename(folder / name, folder / (std::string("GSM1_") + name));
    }
    CHECK(folder.read().cells() == 3);
    fixtures::write_bytes(folder / "GSM2_matrix.mtx", good);
    CHECK_THAT(message([&] { folder.read(); }),
               ContainsText("several matrices, give the path of one: GSM1_matrix.mtx, GSM2"));
  }
  {
    const fixtures::TemporaryFolder empty;
    CHECK_THAT(message([&] { io::read_matrix_market(empty / ""); }),
               ContainsText("has no matrix.mtx or matrix.mtx.gz"));
  }
  CHECK_THAT(message([&] { io::read_matrix_market("/no/matrix.mtx"); }),
             ContainsText("/no/matrix.mtx: cannot be opened"));
}
