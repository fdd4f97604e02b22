#include <string>
#include <vector>

#include <latentcell/io/read_positions.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

io::Positions read(const std::string& content) {
  fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "p.csv", content);
  return io::read_positions(folder / "p.csv");
}

}  // namespace

TEST_CASE("read_positions: the header says which column is x") {
  for (const char* content : {"x,y\n1,2\n3,4\n", "y,x\n2,1\n4,3\n", "1,2\n3,4\n",
                              "cell,y_centroid,x_centroid\na,2,1\nb,4,3\n", "z,x,y\n9,1,2\n9,3,4\n"}) {
    INFO(content);
    const io::Positions found = read(content);
    Matrix<double> xy(2, 2);
    xy << 1, 2, 3, 4;
    CHECK(found.xy == xy);
  }
}

TEST_CASE("read_positions: Space Ranger's tables, with and without a header, by barcode") {
  const std::string lines = "AAAC-1,1,0,16,200,100\nAAAG-1,0,1,17,400,300\n";
  const std::string header = "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres\n";
  for (const std::string& content : {lines, header + lines}) {
    const io::Positions found = read(content);
    const Matrix<double> at = found.of({"AAAG-1", "AAAC-1"}, "p.csv");
    Matrix<double> xy(2, 2);
    xy << 300, 400, 100, 200;
    CHECK(at == xy);
    CHECK(message([&] { found.of({"TTTT-1"}, "p.csv"); }) == "p.csv: has no place of cell 'TTTT-1'");
  }
}

TEST_CASE("read_positions: numbers in front name the cells, or number the rows where none of them is a cell's name") {
  const io::Positions found = read("cell_id,x_centroid,y_centroid\n7,1,2\n5,3,4\n");
  Matrix<double> by_name(2, 2);
  by_name << 3, 4, 1, 2;
  CHECK(found.of({"5", "7"}, "p.csv") == by_name);
  CHECK(found.of({"AAAC-1", "AAAG-1"}, "p.csv") == found.xy);
  CHECK(message([&] { read("cell_id,x,y\na,1,2\nb,3,4\n").of({"c"}, "p.csv"); }) == "p.csv: has no place of cell 'c'");
}

TEST_CASE("read_positions: the file's order is taken neither where a cell is named nor where there are other rows") {
  std::string content = "cell_id,x,y\n";
  std::vector<std::string> cells = {"1"};
  for (int i = 121; i >= 2; --i) content += text(i, ",", i, ",0\n");
  for (int i = 2; i <= 120; ++i) cells.push_back(text(i));
  const io::Positions found = read(content);
  CHECK(message([&] { found.of(cells, "p.csv"); }) == "p.csv: has no place of cell '1'");
  cells[0] = "121";
  const Matrix<double> at = found.of(cells, "p.csv");
  CHECK(at(0, 0) == 121);
  CHECK(at(1, 0) == 2);
  CHECK(message([&] { found.of({"AAAC-1", "AAAG-1"}, "p.csv"); }) == "p.csv: has no place of cell 'AAAC-1'");
}

TEST_CASE("read_positions: a name that a file has twice is refused") {
  CHECK(message([] { read("cell,x,y\na,1,2\nb,3,4\na,5,6\n").of({"b"}, "p.csv"); }) == "p.csv: has cell 'a' twice");
  CHECK(message([] { read("cell_id,x,y\n1,1,2\n1,3,4\n").of({"1"}, "p.csv"); }) == "p.csv: has cell '1' twice");
}

TEST_CASE("read_positions: a table without two columns of numbers is refused") {
  CHECK_THAT(message([] { read("cell,x\na,1\n"); }), ContainsText("has 1 column of numbers, x and y are needed"));
}

TEST_CASE("read_positions: names without a header, and columns that are no numbers") {
  const io::Positions found = read("AAAC-1,1,2\nAAAG-1,3,4\n");
  Matrix<double> xy(2, 2);
  xy << 1, 2, 3, 4;
  CHECK(found.names == std::vector<std::string>{"AAAC-1", "AAAG-1"});
  CHECK(found.xy == xy);
  CHECK_FALSE(found.header_names_xy);
  const io::Positions mixed = read("barcode,sample,y,x\nAAAC-1,s1,2,1\nAAAG-1,s1,4,3\n");
  CHECK(mixed.xy == xy);
  CHECK(mixed.columns == std::vector<std::string>{"x", "y"});
  CHECK(read(",x,y\n0,1,2\n1,3,4\n").xy == xy);  // pandas numbers the rows
  CHECK(read("x,y\n1,2\n3,4\n").names.empty());
  CHECK(read("x\ty\tslice\n1\t2\t1\n3\t4\t2\n").value_columns == std::vector<std::string>{"x", "y", "slice"});
}

TEST_CASE("read_positions: places keep the digits that they have") {
  CHECK(read("x,y\n50000000.5,123456789.25\n").xy(0, 1) == 123456789.25);
}

TEST_CASE("read_positions: lines of other lengths and tables without lines are refused") {
  CHECK_THAT(message([] { read("x,y\n1,2\n3\n"); }), ContainsText("line 3: has 1 fields but the lines before have 2"));
  CHECK_THAT(message([] { read("x,y\n"); }), ContainsText("holds no places"));
}
