#include <string>
#include <vector>

#include <latentcell/io/h5ad.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

CellTable table_with_everything() {
  CellTable table;
  table.counts = Counts(2, {0, 1, 2, 2}, {0, 1}, {1, 2});
  table.cell_names = {"a", "b", "c"};
  table.gene_names = {"g", "h"};
  table.cell_columns = Annotation(3);
  table.gene_columns = Annotation(2);
  StoredValue components{.kind = StoredValue::Kind::numbers, .shape = {2, 3}, .type = NumberType::uint16};
  components.bytes = std::vector<char>{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1};
  table.stored["varm/PCs"] = components;
  StoredValue distances = stored_mapping({{"data", stored_real(0.1)}});
  distances.attributes["shape"] = {
      .kind = StoredValue::Kind::numbers, .shape = {2}, .type = NumberType::int64, .bytes = std::vector<char>(16, 3)};
  table.stored["obsp/distances"] = distances;
  table.stored["layers/spliced"] = components;
  table.stored["uns/log1p"] = stored_mapping({{"base", {.kind = StoredValue::Kind::nothing}}});
  table.stored["uns/neighbors"] = stored_mapping(
      {{"params", stored_mapping({{"n", stored_integer(9007199254740993)}, {"method", stored_text("umap")}})},
       {"used", stored_boolean(1)},
       {"colors", stored_texts({"#ff0000", ""})}});
  table.strings["protein_names"] = {"CD3"};
  return table;
}

}  // namespace

TEST_CASE("read_h5ad: what else a file carries is kept as it is") {
  fixtures::TemporaryFolder folder;
  const CellTable table = table_with_everything();
  io::write_h5ad(folder / "t.h5ad", table);
  const CellTable read = io::read_h5ad(folder / "t.h5ad");
  CHECK(read.notes == std::vector<std::string>{});
  CHECK(read.strings == table.strings);
  CHECK(read.stored.size() == 5);
  for (const auto& [place, value] : table.stored) {
    INFO(place);
    REQUIRE(read.stored.count(place) == 1);
    CHECK(read.stored.at(place) == value);
  }
}

TEST_CASE("read_h5ad: a part of the cells or genes keeps what does not belong to all") {
  const CellTable table = table_with_everything();
  const auto places = [](const CellTable& t) {
    std::vector<std::string> out;
    for (const auto& [place, value] : t.stored) out.push_back(place);
    return out;
  };
  const std::vector<Index> two{0, 1}, turned{1, 0, 2}, one{1};
  CHECK(places(table.select_cells(two)) == std::vector<std::string>{"uns/log1p", "uns/neighbors", "varm/PCs"});
  CHECK(places(table.select_cells(turned)) == places(table.select_cells(two)));
  CHECK(places(table.select_genes(one)) == std::vector<std::string>{"obsp/distances", "uns/log1p", "uns/neighbors"});
  CHECK(table.select_genes(two).stored == table.stored);
}

TEST_CASE("read_h5ad: links out of the file are not followed, and links to nowhere are left out with a note") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad", other = folder / "other.h5ad";
  io::write_h5ad(path, table_with_everything());
  io::write_h5ad(other, table_with_everything());
  fixtures::edit_hdf5(path, [&](hid_t f) {
    H5Lcreate_external(other.c_str(), "/uns/neighbors", f, "uns/elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", f, "uns/nowhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(f, "/uns", f, "uns/neighbors/loop", H5P_DEFAULT, H5P_DEFAULT);
  });
  const CellTable read = io::read_h5ad(path);
  REQUIRE(read.notes.size() == 1);
  CHECK_THAT(read.notes[0], ContainsText("uns/elsewhere"));
  CHECK_THAT(read.notes[0], ContainsText("uns/nowhere"));
  fixtures::edit_hdf5(path, [&](hid_t f) {
    H5Ldelete(f, "X", H5P_DEFAULT);
    H5Lcreate_external(other.c_str(), "/X", f, "X", H5P_DEFAULT, H5P_DEFAULT);
  });
  CHECK(message([&] { io::read_h5ad(path); }) == path + ": 'X' is a link to another file, which is not followed");
}
