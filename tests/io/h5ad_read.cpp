#include <cmath>
#include <string>
#include <vector>

#include <latentcell/io/h5ad.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::dense;
using fixtures::message;
using fixtures::reference;
using fixtures::replace;

namespace {

const std::vector<std::string> cells{"AAAC-1", "AAAC-2", "AAAC-3", "AAAC-4", "AAAC-5", "AAAC-6"};
const std::vector<std::string> genes{"CD3D", "LYZ", "MS4A1", "NKG7", "PPBP"};
const Categorical cell_type{{"B", "NK", "T"}, {0, 2, -1, 0, 1, 2}};

std::vector<double> numbers(const Annotation& from, const char* name) { return from.numbers(name); }
std::vector<std::string> strings(const Annotation& from, const char* name) {
  return std::get<std::vector<std::string>>(from.get(name));
}

}  // namespace

TEST_CASE("read_h5ad: CSR, CSC, dense, old and ancient files hold the same counts") {
  for (const char* name : {"csr.h5ad", "csc.h5ad", "dense.h5ad", "old.h5ad", "ancient.h5ad"}) {
    INFO(name);
    const CellTable table = io::read_h5ad(reference(name));
    CHECK(dense(table.counts) == fixtures::reference_counts());
    CHECK(table.counts.nonzeros() == 10);
    CHECK(table.cell_names == cells);
    if (std::string(name) != "dense.h5ad") CHECK(table.gene_names == genes);
  }
}

TEST_CASE("read_h5ad: obs columns of every encoding") {
  const CellTable table = io::read_h5ad(reference("csr.h5ad"));
  CHECK(table.notes.empty());
  CHECK(table.obs("cell_type") == cell_type);
  CHECK(table.obs("day") == Categorical{{"2", "4", "6"}, {0, 1, 1, 0, 2, 2}});
  CHECK(table.obs("dose") == Categorical{{"0.5", "1.0"}, {0, 1, 1, 0, 1, 0}});
  CHECK(numbers(table.cell_columns, "age") == std::vector<double>{30, 40, 50, 60, 70, 80});
  const std::vector<double> score = numbers(table.cell_columns, "score");
  CHECK(std::isnan(score[1]));
  CHECK(score[4] == -3.5);
  CHECK(table.obs("doublet") == Categorical{{"False", "True"}, {0, 1, 0, 0, 1, 0}});
  CHECK(table.obs("treated") == Categorical{{"False", "True"}, {1, 0, -1, 1, 0, 1}});
  const std::vector<double> plate = numbers(table.cell_columns, "plate");
  CHECK(std::isnan(plate[1]));
  CHECK(plate[5] == 6);
  CHECK(strings(table.cell_columns, "note") == std::vector<std::string>{"a", "b", "\xC3\xA4", "", "e e", "f"});
  CHECK(strings(table.gene_columns, "symbol") == std::vector<std::string>{"s1", "s2", "s3", "s4", "s5"});
  CHECK(table.gene_columns.labels("hv").codes == std::vector<int>{1, 0, 1, 0, 1});
  CHECK(table.cell_columns.list() == "cell_type, day, dose, age, score, doublet, plate, treated, note");
}

TEST_CASE("read_h5ad: obsm as matrix, data frame and sparse; string lists of uns") {
  const CellTable table = io::read_h5ad(reference("csr.h5ad"));
  CHECK(table.embeddings.at("X_pca")(5, 1) == 2.75f);
  const Matrix<float>& protein = table.embeddings.at("protein");
  CHECK(protein.rows() == 6);
  CHECK(protein(2, 0) == 2);
  CHECK(protein(2, 1) == 3);
  CHECK(table.strings.at("protein_columns") == std::vector<std::string>{"CD3", "CD19"});
  CHECK(table.embeddings.at("sparse") == Matrix<float>(Matrix<float>::Identity(6, 3)));
  CHECK(table.strings.at("protein_names") == std::vector<std::string>{"CD3", "CD19"});
  CHECK(table.strings.size() == 2);
}

TEST_CASE("read_h5ad: missing strings are empty") {
  const CellTable table = io::read_h5ad(reference("csc.h5ad"));
  CHECK(table.cell_columns.get("name") == Column(NullableTexts{{"a", "", "c", "d", "e", "f"}, {0, 1, 0, 0, 0, 0}}));
  CHECK(table.obs("name").codes[1] == Categorical::missing);
}

TEST_CASE("read_h5ad: repeated gene names get numbers that are free, with a note") {
  const CellTable table = io::read_h5ad(reference("dense.h5ad"));
  CHECK(table.gene_names == std::vector<std::string>{"A", "B", "A-2", "A-1", "A-3"});
  REQUIRE(table.notes.size() == 1);
  CHECK_THAT(table.notes[0], ContainsText("2 gene names were there before"));
}

TEST_CASE("read_h5ad: categories of anndata 0.7 and 0.6") {
  for (const char* name : {"old.h5ad", "ancient.h5ad"}) {
    const CellTable table = io::read_h5ad(reference(name));
    CHECK(table.obs("cell_type") == cell_type);
    CHECK(numbers(table.cell_columns, "age").size() == 6);
  }
  const CellTable ancient = io::read_h5ad(reference("ancient.h5ad"));
  CHECK(strings(ancient.cell_columns, "donor")[5] == "donor 5");
  CHECK(numbers(ancient.gene_columns, "mean")[1] == 2);
  REQUIRE(ancient.notes.size() == 1);
  CHECK_THAT(ancient.notes[0], ContainsText("obsm: is a table of records: left out"));
}

TEST_CASE("read_h5ad: layers and raw") {
  const std::string path = reference("layers.h5ad");
  CHECK(dense(io::read_h5ad(path, {.layer = "counts"}).counts) == fixtures::reference_counts());
  CHECK(dense(io::read_h5ad(path, {.layer = "spliced"}).counts)(3, 4) == 3);
  const CellTable raw = io::read_h5ad(path, {.layer = "raw"});
  CHECK(raw.genes() == 7);
  CHECK(raw.gene_names.back() == "GAPDH");
  CHECK(dense(raw.counts).leftCols(5) == fixtures::reference_counts());
  const CellTable any = io::read_h5ad(path, {.values = io::Values::any});
  CHECK(dense(any.counts)(0, 3) == Approx(std::log(3.0)));
}

TEST_CASE("read_h5ad: values that are no counts name cell, gene, value and the layers to pick") {
  const std::string path = reference("layers.h5ad");
  CHECK(message([&] { io::read_h5ad(path); }) ==
        path +
            ": X holds 0.6931472 (cell 'AAAC-1', gene 'CD3D'): counts are whole numbers; pick a layer that has them: "
            "layers are counts, spliced; or \"raw\"");
  CHECK(message([&] { io::read_h5ad(path, {.layer = "velocity"}); }) ==
        path + ": has no layer 'velocity'; layers are counts, spliced; or \"raw\"; or X (no layer)");
  CHECK_THAT(message([&] { io::read_h5ad(reference("csr.h5ad"), {.layer = "raw"}); }),
             ContainsText("csr.h5ad: has no raw counts; there is X (no layer)"));
}

TEST_CASE("read_h5ad: files that are none") {
  fixtures::TemporaryFolder folder;
  CHECK_THAT(message([&] { io::read_h5ad("/no/such.h5ad"); }),
             ContainsText("/no/such.h5ad: cannot be opened: No such file"));
  CHECK_THAT(message([&] { io::read_h5ad(folder / ""); }), ContainsText("is a folder"));
  fixtures::write_bytes(folder / "empty.h5ad", "");
  CHECK_THAT(message([&] { io::read_h5ad(folder / "empty.h5ad"); }),
             ContainsText("empty.h5ad: is empty, not an HDF5 file"));
  fixtures::write_bytes(folder / "text.h5ad", std::string(5000, 'x'));
  CHECK_THAT(message([&] { io::read_h5ad(folder / "text.h5ad"); }), ContainsText("text.h5ad: is not an HDF5 file"));
  const std::string whole = fixtures::read_bytes(reference("csr.h5ad"));
  fixtures::write_bytes(folder / "short.h5ad", whole.substr(0, whole.size() / 2));
  CHECK_THAT(message([&] { io::read_h5ad(folder / "short.h5ad"); }),
             ContainsText("short.h5ad: cut short or damaged: truncated"));
  CHECK_THAT(message([&] { io::read_h5ad(reference("tenx_v3.h5")); }), ContainsText("no h5ad file; there are matrix"));
}

TEST_CASE("read_h5ad: contradictions inside a file are one sentence with field and numbers") {
  struct Case {
    const char* name;
    void (*change)(hid_t);
    const char* text;
  };
  using Ints = std::vector<std::int32_t>;
  using Floats = std::vector<float>;
  const Case cases[] = {
      {"no X", [](hid_t f) { H5Ldelete(f, "X", H5P_DEFAULT); }, ": X is missing; the file has no other matrix"},
      {"no obs", [](hid_t f) { H5Ldelete(f, "obs", H5P_DEFAULT); }, ": has no 'obs', so it is no h5ad file"},
      {"no var", [](hid_t f) { H5Ldelete(f, "var", H5P_DEFAULT); }, ": has no 'var', so it is no h5ad file"},
      {"no indptr", [](hid_t f) { H5Ldelete(f, "X/indptr", H5P_DEFAULT); },
       ": X: has no 'indptr'; there are data, indices"},
      {"index",
       [](hid_t f) {
         replace(f, "X/indices", Ints{0, 2});
       },
       ": X: data has 3 entries but indices has 2"},
      {"gene out of range",
       [](hid_t f) {
         replace(f, "X/indices", Ints{0, 7, 1});
       },
       ": X/indices: entry 1 is 7 but there are 3 genes"},
      {"gene below 0",
       [](hid_t f) {
         replace(f, "X/indices", Ints{0, -4, 1});
       },
       ": X/indices: entry 1 is -4 but there are 3 genes"},
      {"gene beyond 32 bits",
       [](hid_t f) {
         replace(f, "X/indices", std::vector<std::int64_t>{0, 5000000000, 1});
       },
       ": X/indices: entry 1 is 5000000000 but there are 3 genes"},
      {"indices are real",
       [](hid_t f) {
         replace(f, "X/indices", Floats{0, 1, 2});
       },
       ": X/indices: holds no whole numbers"},
      {"indptr falls",
       [](hid_t f) {
         replace(f, "X/indptr", Ints{0, 2, 1});
       },
       ": X/indptr: falls from 2 to 1 at entry 2: it must ascend"},
      {"indptr short",
       [](hid_t f) {
         replace(f, "X/indptr", Ints{0, 3});
       },
       ": X/indptr: has 2 entries but 2 cells need 3"},
      {"indptr start",
       [](hid_t f) {
         replace(f, "X/indptr", Ints{1, 2, 3});
       },
       ": X/indptr: begins with 1, not 0"},
      {"indptr end",
       [](hid_t f) {
         replace(f, "X/indptr", Ints{0, 2, 9});
       },
       ": X/indptr: ends with 9 but data has 3 entries"},
      {"NaN",
       [](hid_t f) {
         replace(f, "X/data", Floats{1, std::nanf(""), 2});
       },
       ": X holds nan (cell 'c1', gene 'g3'): values must be finite"},
      {"infinite",
       [](hid_t f) {
         replace(f, "X/data", Floats{1, INFINITY, 2});
       },
       ": X holds inf (cell 'c1', gene 'g3'): values must be finite"},
      {"too large for float",
       [](hid_t f) {
         replace(f, "X/data", std::vector<double>{1, 1e300, 2});
       },
       ": X holds inf (cell 'c1', gene 'g3'): values must be finite"},
      {"negative",
       [](hid_t f) {
         replace(f, "X/data", Floats{1, 2, -3});
       },
       ": X holds -3 (cell 'c2', gene 'g2'): counts are never negative; the file has no other matrix to pick"},
      {"codes",
       [](hid_t f) {
         replace(f, "obs/type/codes", Ints{0, 5});
       },
       ": obs/type/codes: entry 1 is 5 but there are 2 categories"},
      {"codes short", [](hid_t f) { replace(f, "obs/type/codes", Ints{0}); },
       ": obs/type/codes: has 1 entry but there are 2 rows"},
      {"column short", [](hid_t f) { replace(f, "obs/age", Floats{0}); },
       ": obs/age: has 1 entry but there are 2 rows"},
      {"obsm short", [](hid_t f) { replace(f, "obsm/z", Floats{0}); }, ": obsm/z: has 1 entry but there are 2 rows"},
      {"two dimensions", [](hid_t f) { replace(f, "X", Floats{0}); }, ": X: has 1 dimensions, not 2"},
      {"shape",
       [](hid_t f) {
         replace(f, "var/_index", Ints{1, 2});
       },
       ": X: is 2 x 3 but the file names 2 cells and 2 genes"},
  };
  CellTable table;
  table.counts = Counts(3, {0, 2, 3}, {0, 2, 1}, {1, 2, 3});
  table.cell_names = {"c1", "c2"};
  table.gene_names = {"g1", "g2", "g3"};
  table.cell_columns = Annotation(2);
  table.gene_columns = Annotation(3);
  table.cell_columns.set("type", Categorical{{"a", "b"}, {0, 1}});
  table.cell_columns.set("age", std::vector<double>{1, 2});
  table.embeddings["z"] = Matrix<float>::Zero(2, 2);
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  for (const Case& one : cases) {
    INFO(one.name);
    io::write_h5ad(path, table);
    REQUIRE(message([&] { io::read_h5ad(path); }).empty());
    fixtures::edit_hdf5(path, one.change);
    CHECK_THAT(message([&] { io::read_h5ad(path); }), ContainsText(path + one.text));
  }
}

TEST_CASE("read_h5ad: unsorted rows are sorted, repeated entries added, zeros dropped") {
  CellTable table;
  table.counts = Counts(3, {0, 2, 5}, {0, 2, 0, 1, 2}, {1, 2, 3, 4, 5});
  table.cell_names = {"c1", "c2"};
  table.gene_names = {"g1", "g2", "g3"};
  table.cell_columns = Annotation(2);
  table.gene_columns = Annotation(3);
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  io::write_h5ad(path, table);
  fixtures::edit_hdf5(path, [](hid_t f) {
    fixtures::replace(f, "X/indices", std::vector<std::int32_t>{2, 0, 2, 1, 2});
    fixtures::replace(f, "X/data", std::vector<float>{7, 0, 3, 4, 5});
  });
  const CellTable read = io::read_h5ad(path);
  Matrix<float> expected(2, 3);
  expected << 0, 0, 7, 0, 4, 8;
  CHECK(dense(read.counts) == expected);
  CHECK(read.counts.nonzeros() == 3);
  REQUIRE(read.notes.size() == 1);
  CHECK_THAT(read.notes[0], ContainsText("X: 1 entry is given more than once: added up"));
}

TEST_CASE("read_h5ad: an obs column of unknown encoding is left out with a note") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  fixtures::write_bytes(path, fixtures::read_bytes(reference("csr.h5ad")));
  fixtures::edit_hdf5(path, [](hid_t f) {
    H5Ldelete(f, "obs/age", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(f, "obs/age", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Ldelete(f, "obs/day", H5P_DEFAULT);
  });
  const CellTable table = io::read_h5ad(path);
  CHECK_FALSE(table.cell_columns.has("age"));
  CHECK(table.cell_columns.has("score"));
  REQUIRE(table.notes.size() == 2);
  CHECK_THAT(table.notes[0], ContainsText("obs: column 'day' is listed but missing: left out"));
  CHECK_THAT(table.notes[1], ContainsText("obs: column 'age' is in an unknown encoding: left out"));
}

TEST_CASE("read_h5ad: a matrix without cells or genes is refused") {
  fixtures::TemporaryFolder folder;
  CellTable table;
  table.counts = Counts(3);
  table.gene_names = {"a", "b", "c"};
  table.gene_columns = Annotation(3);
  io::write_h5ad(folder / "t.h5ad", table);
  CHECK_THAT(message([&] { io::read_h5ad(folder / "t.h5ad"); }), ContainsText("X: is empty: 0 cells x 3 genes"));
}

TEST_CASE("read_h5ad: repeated names of cells get numbers that are free, with a note") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  fixtures::write_bytes(path, fixtures::read_bytes(reference("csr.h5ad")));
  fixtures::edit_hdf5(path, [](hid_t f) { replace(f, "obs/_index", std::vector<std::int32_t>{1, 1, 2, 2, 3, 3}); });
  const CellTable table = io::read_h5ad(path);
  CHECK(table.cell_names == std::vector<std::string>{"1", "1-1", "2", "2-1", "3", "3-1"});
  REQUIRE(table.notes.size() == 1);
  CHECK(table.notes[0] == path + ": obs: 3 cell names were there before: made unique with -1, -2");
}

TEST_CASE("read_h5ad: a count that float cannot tell from the next is refused, whatever its size") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  CellTable table;
  table.counts = Counts(1, {0, 1}, {0}, {16777215});
  table.cell_names = {"c"};
  table.gene_names = {"g"};
  table.cell_columns = Annotation(1);
  table.gene_columns = Annotation(1);
  io::write_h5ad(path, table);
  CHECK(dense(io::read_h5ad(path).counts)(0, 0) == 16777215);
  for (const auto& [count, shown] : {std::pair{16777217.0, "16777216"}, std::pair{1099511627776.0, "1099511627776"}}) {
    fixtures::edit_hdf5(path, [&](hid_t f) { replace(f, "X/data", std::vector<double>{count}); });
    CHECK_THAT(message([&] { io::read_h5ad(path); }),
               ContainsText(text("X holds ", shown, " (cell 'c', gene 'g'): counts above 16777215 cannot be kept")));
  }
  fixtures::edit_hdf5(path, [](hid_t f) { replace(f, "X/data", std::vector<double>{1.000001}); });
  CHECK_THAT(message([&] { io::read_h5ad(path); }), ContainsText("X holds 1.000001 (cell"));
}

TEST_CASE(
    "read_h5ad: forms that R leaves: no encoding, shape and row starts as reals, stale levels, logicals with NA") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  fixtures::write_bytes(path, fixtures::read_bytes(reference("csr.h5ad")));
  fixtures::edit_hdf5(path, [](hid_t f) {
    H5Adelete_by_name(f, "X", "encoding-type", H5P_DEFAULT);
    H5Adelete_by_name(f, "X", "shape", H5P_DEFAULT);
    const hid_t x = H5Oopen(f, "X", H5P_DEFAULT);
    const hsize_t two = 2;
    const hid_t space = H5Screate_simple(1, &two, nullptr);
    const hid_t shape = H5Acreate2(x, "shape", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT);
    const double extents[] = {6, 5};
    H5Awrite(shape, H5T_NATIVE_DOUBLE, extents);
    H5Aclose(shape);
    H5Sclose(space);
    const hid_t starts = H5Dopen2(f, "X/indptr", H5P_DEFAULT);
    std::vector<double> values(7);
    H5Dread(starts, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(starts);
    H5Oclose(x);
    replace(f, "X/indptr", values);
    // Levels of a column that texts have replaced since, and of one whose numbers are no codes.
    H5Gclose(H5Gcreate2(f, "obs/__categories", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    replace(f, "obs/__categories/note", std::vector<double>{1});
    replace(f, "obs/__categories/age", std::vector<double>{1});
    const hid_t logical = H5Tenum_create(H5T_STD_U8LE);
    std::uint8_t value = 0;
    for (const char* name : {"FALSE", "TRUE", "NA"}) {
      H5Tenum_insert(logical, name, &value);
      ++value;
    }
    H5Ldelete(f, "obs/doublet", H5P_DEFAULT);
    const hsize_t six = 6;
    const hid_t rows = H5Screate_simple(1, &six, nullptr);
    const hid_t data = H5Dcreate2(f, "obs/doublet", logical, rows, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const std::uint8_t flags[] = {0, 1, 2, 0, 1, 2};
    H5Dwrite(data, logical, H5S_ALL, H5S_ALL, H5P_DEFAULT, flags);
    H5Dclose(data);
    H5Sclose(rows);
    H5Tclose(logical);
  });
  const CellTable table = io::read_h5ad(path);
  CHECK(dense(table.counts) == fixtures::reference_counts());
  CHECK(strings(table.cell_columns, "note")[0] == "a");
  CHECK(numbers(table.cell_columns, "age") == std::vector<double>{30, 40, 50, 60, 70, 80});
  CHECK(table.cell_columns.get("doublet") == Column(Booleans{{0, 1, 0, 0, 1, 0}, std::vector<char>{0, 0, 1, 0, 0, 1}}));
}
