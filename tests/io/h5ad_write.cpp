#include <csignal>
#include <sys/resource.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/io/h5ad.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

CellTable small_table() {
  CellTable table;
  table.counts = Counts(4, {0, 2, 2, 5}, {0, 3, 0, 1, 2}, {1, 2, 3, 4, 16777215});
  table.cell_names = {"c1", "c2", "c\xC3\xA4"};
  table.gene_names = {"g1", "g2", "g3", "g4"};
  table.cell_columns = Annotation(3);
  table.cell_columns.set("cell_type", Categorical{{"B", "T cell", "unused"}, {1, Categorical::missing, 0}});
  table.cell_columns.set("age", std::vector<double>{1.5, std::nan(""), -3});
  table.cell_columns.set("note", std::vector<std::string>{"x", "", "a,b\n"});
  table.gene_columns = Annotation(4);
  table.gene_columns.set("symbol", std::vector<std::string>{"A", "B", "C", "D"});
  table.embeddings["X_latent"] = Matrix<float>::Random(3, 5);
  table.embeddings["none"] = Matrix<float>(3, 0);
  table.strings["protein_names"] = {"CD3", "CD19"};
  table.strings["empty"] = {};
  return table;
}

/// A table whose file takes some hundred kilobytes.
CellTable large_table() {
  constexpr Index genes = 500, cells = 200;
  CellTable table;
  table.counts = Counts(genes);
  for (Index c = 0; c < cells; ++c) {
    for (Index g = 0; g < genes; ++g) table.counts.push(std::int32_t(g), float((c * 7919 + g * g * 31) % 1009 + 1));
    table.counts.end_row();
    table.cell_names.push_back(text("cell", c));
  }
  for (Index g = 0; g < genes; ++g) table.gene_names.push_back(text("gene", g));
  table.cell_columns = Annotation(cells);
  table.gene_columns = Annotation(genes);
  return table;
}

/// The largest file this process may write, for as long as it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  rlimit before_{};
  void (*signal_)(int);
};

}  // namespace

TEST_CASE("write_h5ad: what is written is read") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  const CellTable table = small_table();
  for (int compression : {0, 2, 9}) {
    for (bool shuffle : {false, true}) {
      io::write_h5ad(path, table, {.compression = compression, .shuffle = shuffle});
      const CellTable read = io::read_h5ad(path);
      CHECK(read.notes.empty());
      CHECK(fixtures::dense(read.counts) == fixtures::dense(table.counts));
      CHECK(read.cell_names == table.cell_names);
      CHECK(read.gene_names == table.gene_names);
      CHECK(read.cell_columns.list() == "cell_type, age, note");
      CHECK(read.obs("cell_type") == table.obs("cell_type"));
      const auto& age = std::get<std::vector<double>>(read.cell_columns.get("age"));
      CHECK(age[0] == 1.5);
      CHECK(std::isnan(age[1]));
      CHECK(read.cell_columns.get("note") == table.cell_columns.get("note"));
      CHECK(read.gene_columns.get("symbol") == table.gene_columns.get("symbol"));
      CHECK(read.embeddings == table.embeddings);
      CHECK(read.strings == table.strings);
    }
  }
  CHECK(folder.list() == std::vector<std::string>{"t.h5ad"});
}

TEST_CASE("write_h5ad: every column keeps its type") {
  constexpr std::int64_t wide = 9007199254740993;  // 2^53 + 1: no double
  CellTable table = small_table();
  Annotation& obs = table.cell_columns;
  obs.set_index_name("barcode");
  obs.set("id", Integers{{wide, wide + 1, -wide}, NumberType::int64, {}});
  obs.set("unsigned", Integers{{-1, 0, 5}, NumberType::uint64, {}});
  obs.set("small", Integers{{-128, 0, 127}, NumberType::int8, {}});
  obs.set("plate", Integers{{1, 0, wide}, NumberType::int64, std::vector<char>{0, 1, 0}});
  obs.set("whole but nullable", Integers{{1, 2, 3}, NumberType::int32, std::vector<char>{0, 0, 0}});
  obs.set("doublet", Booleans{{0, 1, 0}, {}});
  obs.set("treated", Booleans{{0, 1, 0}, std::vector<char>{0, 0, 1}});
  obs.set("score", std::vector<float>{0.1f, 3e-30f, std::numeric_limits<float>::infinity()});
  obs.set("comment", NullableTexts{{"a", "", ""}, {0, 1, 0}});
  obs.set("G1/S", std::vector<double>{1, 2, 3});
  obs.set("G1/in/depth", Categorical{{"b", "a"}, {0, 1, -1}});
  Categorical grade{{"low", "high", "never"}, {1, 0, 0}, true};
  obs.set("grade", grade);
  obs.set("dose", Categorical{{"0.1", "3.0", "1e-30"}, {0, 1, 2}, false, NumberType::float32});
  obs.set("dose64", Categorical{{"0.1", "3.0", "1e-300"}, {0, 1, 2}, true, NumberType::float64});
  obs.set("leiden", Categorical{{"10", "2"}, {0, 1, 1}, false, NumberType::int16});
  obs.set("ids", Categorical{{"18446744073709551615", "0"}, {0, 1, 1}, false, NumberType::uint64});
  obs.set("flag", Categorical{{"False", "True"}, {0, 1, -1}, false, NumberType::boolean});
  obs.set("no longer numbers", Categorical{{"1", "two"}, {0, 1, 1}, false, NumberType::int64});
  fixtures::TemporaryFolder folder;
  io::write_h5ad(folder / "t.h5ad", table);
  const CellTable read = io::read_h5ad(folder / "t.h5ad");
  CHECK(read.notes.empty());
  CHECK(read.cell_columns.index_name() == "barcode");
  CHECK(read.cell_columns.list() == obs.list());
  for (const auto& [name, column] : obs.columns()) {
    INFO(name);
    if (name != "age") CHECK(read.cell_columns.get(name) == column);  // NaN is no equal of itself
    const auto* labels = std::get_if<Categorical>(&column);
    if (labels == nullptr) continue;
    const auto& other = std::get<Categorical>(read.cell_columns.get(name));
    CHECK(other.ordered == labels->ordered);
    CHECK((other.level_type == labels->level_type || name == "no longer numbers"));
  }
}

TEST_CASE("write_h5ad: codes take as many bytes as the levels need") {
  for (int levels : {127, 128, 40000}) {
    CellTable table;
    table.counts = Counts(1, std::vector<std::int64_t>(to_size(levels) + 1, 0), {}, {});
    table.gene_names = {"g"};
    table.gene_columns = Annotation(1);
    table.cell_columns = Annotation(levels);
    Categorical column;
    for (int i = 0; i < levels; ++i) {
      column.levels.push_back(text("level ", i));
      column.codes.push_back(levels - 1 - i);
      table.cell_names.push_back(text(i));
    }
    table.cell_columns.set("label", column);
    fixtures::TemporaryFolder folder;
    io::write_h5ad(folder / "t.h5ad", table);
    CHECK(io::read_h5ad(folder / "t.h5ad").obs("label") == column);
  }
}

TEST_CASE("write_h5ad: a larger table survives chunks and compression, byte for byte the same each time") {
  fixtures::TemporaryFolder folder;
  const CellTable table = large_table();
  io::write_h5ad(folder / "a.h5ad", table);
  io::write_h5ad(folder / "b.h5ad", table);
  CHECK(fixtures::read_bytes(folder / "a.h5ad") == fixtures::read_bytes(folder / "b.h5ad"));
  CHECK(fixtures::dense(io::read_h5ad(folder / "a.h5ad").counts) == fixtures::dense(table.counts));
}

TEST_CASE("write_h5ad: on a full disk the old file stays and nothing else does") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  io::write_h5ad(path, small_table());
  const std::string before = fixtures::read_bytes(path);
  const CellTable table = large_table();
  for (rlim_t limit : {rlim_t{0}, rlim_t{1000}, rlim_t{50000}}) {
    std::string said;
    {
      const FileSizeLimit full(limit);
      said = message([&] { io::write_h5ad(path, table); });
    }
    CHECK(said == path + ": cannot be written: File too large");
    CHECK(fixtures::read_bytes(path) == before);
    CHECK(folder.list() == std::vector<std::string>{"t.h5ad"});
  }
  io::write_h5ad(path, table);
  CHECK(io::read_h5ad(path).cells() == 200);
}

TEST_CASE("write_h5ad: what cannot be written is said, and leaves nothing") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  CellTable table = small_table();
  CHECK_THAT(message([&] { io::write_h5ad(folder / "no/such/t.h5ad", table); }),
             ContainsText("t.h5ad: cannot be written: No such file or directory"));
  CHECK_THAT(message([&] { io::write_h5ad(path, table, {.compression = 10}); }), ContainsText("10 is not in 0..9"));
  for (const char* name : {"a//b", "/a", "a/", ".", "a/./b", ""}) {
    table = small_table();
    table.cell_columns.set(name, std::vector<double>{1, 2, 3});
    CHECK_THAT(message([&] { io::write_h5ad(path, table); }),
               ContainsText(text("t.h5ad: cannot be written: '", name, "' is no name for a column")));
  }
  for (const char* name : {"_index", "note/inner"}) {
    table = small_table();
    table.cell_columns.set(name, std::vector<double>{1, 2, 3});
    CHECK_THAT(message([&] { io::write_h5ad(path, table); }), ContainsText("t.h5ad: cannot be written: "));
  }
  table = small_table();
  table.cell_names.pop_back();
  CHECK_THROWS_AS(io::write_h5ad(path, table), std::invalid_argument);
  CHECK(folder.list().empty());
  CHECK(H5Fget_obj_count(hid_t(H5F_OBJ_ALL), H5F_OBJ_ALL) == 0);
}
