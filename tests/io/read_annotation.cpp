#include <cmath>
#include <string>
#include <vector>

#include <latentcell/io/read_annotation.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

CellTable cells(std::vector<std::string> names) {
  CellTable out;
  out.counts = Counts(1, std::vector<std::int64_t>(names.size() + 1, 0), {}, {});
  out.gene_names = {"g"};
  out.gene_columns = Annotation(1);
  out.cell_columns = Annotation(Index(names.size()));
  out.cell_names = std::move(names);
  return out;
}

}  // namespace

TEST_CASE("read_annotation: columns get the type that fits all their fields") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "obs.csv";
  fixtures::write_bytes(path,
                        "barcode,type,id,score,doublet,plate,code\n"
                        "a,\"T cell, naive\",9007199254740993,0.5,True,1,007\n"
                        "b,B,2,NA,False,,008\n");
  const io::NamedAnnotation table = io::read_annotation(path);
  CHECK(table.names == std::vector<std::string>{"a", "b"});
  CHECK(table.columns.labels("type") == Categorical{{"T cell, naive", "B"}, {0, 1}});
  CHECK(table.columns.get("id") == Column(Integers{{9007199254740993, 2}, NumberType::int64, {}}));
  CHECK(table.columns.numbers("score")[0] == 0.5);
  CHECK(std::isnan(table.columns.numbers("score")[1]));
  CHECK(table.columns.get("doublet") == Column(Booleans{{1, 0}, {}}));
  CHECK(table.columns.get("plate") == Column(Integers{{1, 0}, NumberType::int64, std::vector<char>{0, 1}}));
  CHECK(table.columns.labels("code").levels == std::vector<std::string>{"007", "008"});
}

TEST_CASE("read_annotation: tables of R without a field above the names; what is wrong is said") {
  fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "r.tsv", "\"type\"\t\"n\"\n\"a\"\t\"x\"\t1\n\"b\"\t\"y\"\t2\n");
  CHECK(io::read_annotation(folder / "r.tsv").columns.labels("type").levels == std::vector<std::string>{"x", "y"});
  fixtures::write_bytes(folder / "short.csv", "cell,type\na,x\nb\n");
  CHECK(message([&] { io::read_annotation(folder / "short.csv"); }) ==
        (folder / "short.csv") + ": line 3: has 1 fields but the header has 2");
  fixtures::write_bytes(folder / "one.csv", "cell\na\n");
  CHECK_THAT(message([&] { io::read_annotation(folder / "one.csv"); }), ContainsText("needs a column of names"));
}

TEST_CASE("join_annotation: by name, in the order of the cells; cells without a line are missing and told") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "obs.csv";
  fixtures::write_bytes(path, "cell,type,n,flag\nb,B,2,True\na,A,1,False\nother,C,3,True\n");
  CellTable table = cells({"a", "b", "c"});
  io::join_annotation(table, io::read_annotation(path), path);
  const Categorical type = table.obs("type");
  CHECK(type.levels[to_size(type.codes[0])] == "A");
  CHECK(type.levels[to_size(type.codes[1])] == "B");
  CHECK(type.codes[2] == Categorical::missing);
  CHECK(std::isnan(table.cell_columns.numbers("n")[2]));
  CHECK(std::get<Booleans>(table.cell_columns.get("flag")).is_missing(2));
  REQUIRE(table.notes.size() == 1);
  CHECK(table.notes[0] == path + ": has nothing about 1 of 3 cells");
  CellTable tenx = cells({"b-1", "a-1"});
  io::join_annotation(tenx, io::read_annotation(path), path);
  CHECK(tenx.cell_columns.numbers("n") == std::vector<double>{2, 1});
  CellTable none = cells({"x", "y"});
  CHECK(message([&] { io::join_annotation(none, io::read_annotation(path), path); }) ==
        path + ": none of its 3 names (b, ...) is one of the 2 cells (x, ...)");
}
