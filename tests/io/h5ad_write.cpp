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
  table.counts = Counts(4, {0, 2, 2, 5}, {0, 3, 0, 1, 2}, {1, 2, 3, 4, 16777216});
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
  table.cell_columns.set("a/b", std::vector<double>{1, 2, 3});
  CHECK_THAT(message([&] { io::write_h5ad(path, table); }),
             ContainsText("t.h5ad: cannot be written: 'a/b' is no name for a column"));
  table = small_table();
  table.cell_columns.set("_index", std::vector<double>{1, 2, 3});
  CHECK_THAT(message([&] { io::write_h5ad(path, table); }), ContainsText("t.h5ad: cannot be written: "));
  table = small_table();
  table.cell_names.pop_back();
  CHECK_THROWS_AS(io::write_h5ad(path, table), std::invalid_argument);
  CHECK(folder.list().empty());
  CHECK(H5Fget_obj_count(hid_t(H5F_OBJ_ALL), H5F_OBJ_ALL) == 0);
}
