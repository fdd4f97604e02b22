#include <zlib.h>

#include <string>
#include <vector>

#include <latentcell/io/delimited.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::dense;
using fixtures::message;

namespace {

/// Reads a text as the file of that name.
CellTable read(const std::string& content, const std::string& name = "t.csv",
               const io::DelimitedOptions& options = {}) {
  fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / name, content);
  return io::read_delimited(folder / name, options);
}

Matrix<float> expected() {
  Matrix<float> m(2, 3);
  m << 1, 0, 2, 0, 3, 0;
  return m;
}

}  // namespace

TEST_CASE("read_delimited: commas, tabs, semicolons, with and without a corner, Windows line ends") {
  for (const char* content : {",A,B,C\na,1,0,2\nb,0,3,0\n", "cell,A,B,C\na,1,0,2\nb,0,3,0", "A,B,C\na,1,0,2\nb,0,3,0\n",
                              "\tA\tB\tC\na\t1\t0\t2\nb\t0\t3\t0\n", ";A;B;C\r\na;1;0;2\r\nb;0;3;0\r\n\r\n",
                              "\xEF\xBB\xBF,A,B,C\na,1.0, 0 ,2e0\nb,0,3.00,1e-60\n",
                              "\"\",\"A\",\"B\",\"C\"\n\"a\",1,0,\"2\"\n\"b\",0,3,0\n"}) {
    INFO(content);
    const CellTable table = read(content);
    CHECK(dense(table.counts) == expected());
    CHECK(table.counts.nonzeros() == 3);
    CHECK(table.cell_names == std::vector<std::string>{"a", "b"});
    CHECK(table.gene_names == std::vector<std::string>{"A", "B", "C"});
  }
}

TEST_CASE("read_delimited: quoted fields hold delimiters and quotes") {
  const CellTable table = read(",\"A,1\",\"B\"\"x\"\n\"cell, one\",1,2\n");
  CHECK(table.gene_names == std::vector<std::string>{"A,1", "B\"x"});
  CHECK(table.cell_names == std::vector<std::string>{"cell, one"});
  CHECK(dense(table.counts)(0, 1) == 2);
}

TEST_CASE("read_delimited: the name of a file decides where a header has both delimiters") {
  CHECK(read("\tA,1\tB,2,x,y\na\t1\t2\n", "t.tsv").gene_names[0] == "A,1");
  CHECK(read("|A|B\na|1|2\n", "t.txt", {.delimiter = '|'}).genes() == 2);
}

TEST_CASE("read_delimited: rows may be genes") {
  const CellTable table = read(",a,b\nA,1,0\nB,0,3\nC,2,0\n", "t.csv", {.rows = io::TableRows::genes});
  CHECK(dense(table.counts) == expected());
  CHECK(table.cell_names == std::vector<std::string>{"a", "b"});
  CHECK(table.gene_names == std::vector<std::string>{"A", "B", "C"});
  CHECK_THAT(message([] { read(",a,b\nA,1,0\nB,0,-3\n", "t.csv", {.rows = io::TableRows::genes}); }),
             ContainsText("line 3 holds -3 (cell 'b', gene 'B'): counts are never negative"));
}

TEST_CASE("read_delimited: gzipped text, also of many lines; one cut short is refused") {
  fixtures::TemporaryFolder folder;
  std::string content = ",A,B\n";
  for (int i = 0; i < 100000; ++i) content += text("cell", i, ",", i % 7, ",", (i * 7919) % 1009, "\n");
  const gzFile out = gzopen((folder / "t.csv.gz").c_str(), "wb");
  REQUIRE(gzwrite(out, content.data(), unsigned(content.size())) == int(content.size()));
  REQUIRE(gzclose(out) == Z_OK);
  const CellTable table = io::read_delimited(folder / "t.csv.gz");
  CHECK(table.cells() == 100000);
  CHECK(dense(table.counts.view().middle(99998, 2))(1, 0) == 99999 % 7);

  const std::string bytes = fixtures::read_bytes(folder / "t.csv.gz");
  for (std::size_t length : {bytes.size() - 1, bytes.size() / 2, std::size_t{30}}) {
    fixtures::write_bytes(folder / "t.csv.gz", bytes.substr(0, length));
    CHECK_THAT(message([&] { io::read_delimited(folder / "t.csv.gz"); }),
               ContainsText("t.csv.gz: cut short: the gzip data ends too early"));
  }
  std::string damaged = bytes;
  damaged[bytes.size() / 2] = char(damaged[bytes.size() / 2] ^ 0x55);
  fixtures::write_bytes(folder / "t.csv.gz", damaged);
  CHECK_FALSE(message([&] { io::read_delimited(folder / "t.csv.gz"); }).empty());
}

TEST_CASE("read_delimited: repeated names are numbered; numbers that repeat are no names of cells") {
  const CellTable table = read(",A,A,B\na,1,0,2\n");
  CHECK(table.gene_names == std::vector<std::string>{"A", "A-1", "B"});
  CHECK(table.notes.size() == 1);
  const CellTable cells = read(",A,B\na,1,0\na,1,0\n");
  CHECK(cells.cell_names == std::vector<std::string>{"a", "a-1"});
  CHECK(cells.notes.size() == 1);
  CHECK_THAT(message([] { read("A,B,C\n1,0,2\n1,3,0\n"); }),
             ContainsText("t.csv: the first column holds numbers that repeat, where the names of cells are needed"));
  CHECK(read("A,B\n0,1,0\n1,1,0\n").cell_names == std::vector<std::string>{"0", "1"});
}

TEST_CASE("read_delimited: forms of R and of spreadsheets") {
  for (const char* content :
       {"\"A\" \"B\" \"C\"\n\"a\" 1 0 2\n\"b\" 0 3 0\n", "# made by a tool\n# of 2020\n,A,B,C\na,1,0,2\nb,0,3,0\n",
        ",A,B,C,\na,1,0,2,\nb,0,3,0,\n", ",A,B,C\na,+1,0,2\nb,0,+3,0\n"}) {
    INFO(content);
    const CellTable table = read(content, "t.txt");
    CHECK(dense(table.counts) == expected());
    CHECK(table.cell_names == std::vector<std::string>{"a", "b"});
    CHECK(table.gene_names == std::vector<std::string>{"A", "B", "C"});
  }
  CHECK_THAT(message([] { read(std::string("\xFF\xFE,\0A\0", 6)); }),
             ContainsText("t.csv: is UTF-16 text; save it as UTF-8"));
  CHECK_THAT(message([] { read(",A\ra,1\rb,2\r"); }), ContainsText("ends its lines with carriage returns alone"));
}

TEST_CASE("read_delimited: a header may begin as a comment does; comments of other lengths are none") {
  fixtures::TemporaryFolder folder;
  for (const char* content : {"#cell\tA\tB\nx\t1\t0\ny\t0\t2\n", "# made by a tool\n# cell\tA\tB\nx\t1\t0\ny\t0\t2\n",
                              "# made by a tool\ncell\tA\tB\nx\t1\t0\ny\t0\t2\n"}) {
    INFO(content);
    fixtures::write_bytes(folder / "t.tsv", content);
    const CellTable table = io::read_delimited(folder / "t.tsv");
    CHECK(table.gene_names == std::vector<std::string>{"A", "B"});
    CHECK(table.cell_names == std::vector<std::string>{"x", "y"});
  }
}

TEST_CASE("read_delimited: a comment before a header is none, also with as many fields or with quotes") {
  for (const char* comment :
       {"# counts, liver, 2020\n", "#\"Liver\" atlas\n", "#\"a, b, c\n", "#a\"b, c, d\n", "#\n"}) {
    INFO(comment);
    const CellTable table = read(comment + std::string("cell,G1,G2\nc1,1,2\n"));
    CHECK(table.gene_names == std::vector<std::string>{"G1", "G2"});
    CHECK(table.cell_names == std::vector<std::string>{"c1"});
  }
  CHECK(read("#cell,G1,G2\nc1, 1,+2.5e0 \n", "t.csv", {.values = io::Values::any}).gene_names ==
        std::vector<std::string>{"G1", "G2"});
  CHECK_THAT(message([] { read("#cell,G1,G2\nc1,NA,2\n"); }), ContainsText("column 'G1': 'NA' is not a number"));
}

TEST_CASE("read_delimited: bytes that are no UTF-8 are taken as Latin-1, with a note") {
  const CellTable table = read(",\xB5-gene,B\na\xE9,1,0\n");
  CHECK(table.gene_names[0] == "\xC2\xB5-gene");
  CHECK(table.cell_names[0] == "a\xC3\xA9");
  REQUIRE(table.notes.size() == 1);
  CHECK_THAT(table.notes[0], ContainsText("2 texts are no UTF-8: taken as Latin-1"));
}

TEST_CASE("read_delimited: what is wrong is said with line and column") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "t.csv: is empty"},
      {",A,B\n", "t.csv: has a header and no rows"},
      {"A\n1\n", "line 1: has one field only, taking a tab as the delimiter"},
      {",A,B\na,1\n", "line 2: has 2 fields but the header has 3"},
      {",A,B\na,1,2\nb,1\n", "line 3: has 2 fields but the lines before have 3"},
      {",A,B\na,1,2\nb,1,2,3\n", "line 3: has more than the 3 fields of the lines before"},
      {",A,B\na,1,\n", "line 2: column 'B' is empty; a table of counts has a number in every field"},
      {",A,cell_type\na,1,B cell\n", "line 2: column 'cell_type': 'B cell' is not a number"},
      {",A,B\na,1,2x\n", "line 2: column 'B': '2x' is not a number"},
      {",A,B\na,1,1e99\n", "line 2: column 'B': '1e99' is not a number"},
      {",A,B\na,1,NA\n", "line 2: column 'B': 'NA' is not a number"},
      {",A,B\na,1,nan\n", "line 2 holds nan (cell 'a', gene 'B'): values must be finite"},
      {",A,B\na,1,0.5\n", "line 2 holds 0.5 (cell 'a', gene 'B'): counts are whole numbers"},
      {",A,B\na,1,\"2\n", "line 2: field 3 opens a quote that the line does not close"},
      {",A,B\na,1,\"2\"x\n", "line 2: field 3 goes on after its closing quote"},
  };
  for (const auto& one : cases) {
    INFO(one.first);
    CHECK_THAT(message([&] { read(one.first); }), ContainsText(one.second));
  }
  CHECK(dense(read(",A,B\na,1,0.5\n", "t.csv", {.values = io::Values::any}).counts)(0, 1) == 0.5f);
  CHECK_THAT(message([] { io::read_delimited("/no/such.csv"); }), ContainsText("/no/such.csv: cannot be opened"));
}
