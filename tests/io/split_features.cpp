#include <string>
#include <vector>

#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/split_features.hpp>
#include <latentcell/io/tenx_hdf5.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

CellTable mixed() {
  CellTable table;
  table.counts = Counts(4, {0, 3, 4}, {0, 1, 3, 2}, {1, 7, 9, 5});
  table.cell_names = {"a", "b"};
  table.gene_names = {"LYZ", "CD3", "peak", "CD19"};
  table.cell_columns = Annotation(2);
  table.gene_columns = Annotation(4);
  table.gene_columns.set("feature_types", Categorical{{"Gene Expression", "Antibody Capture", "Peaks"}, {0, 1, 2, 1}});
  return table;
}

}  // namespace

TEST_CASE("split_features: genes stay, proteins go to obsm with their names, the rest is left out with a note") {
  fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5ad";
  io::write_h5ad(path, mixed());
  const CellTable table = io::read_h5ad(path);
  CHECK(table.gene_names == std::vector<std::string>{"LYZ"});
  CHECK(table.counts.nonzeros() == 1);
  Matrix<float> proteins(2, 2);
  proteins << 7, 9, 0, 0;
  CHECK(table.embeddings.at("protein_expression") == proteins);
  CHECK(table.strings.at("protein_expression_columns") == std::vector<std::string>{"CD3", "CD19"});
  REQUIRE(table.notes.size() == 2);
  CHECK_THAT(table.notes[0], ContainsText("2 features of Antibody Capture are the obsm entry 'protein_expression'"));
  CHECK_THAT(table.notes[1], ContainsText("1 feature was left out (Peaks 1)"));
}

TEST_CASE("split_features: proteins that obsm has already, and tables of one kind, stay as they are") {
  CellTable table = mixed();
  table.embeddings["protein_expression"] = Matrix<float>::Constant(2, 1, 3);
  io::split_features(table, "t");
  CHECK(table.genes() == 1);
  CHECK(table.embeddings.at("protein_expression")(0, 0) == 3);
  CellTable peaks = mixed();
  peaks.gene_columns.set("feature_types", Categorical{{"Peaks", "Antibody Capture"}, {0, 1, 0, 1}});
  io::split_features(peaks, "t");
  CHECK(peaks.genes() == 4);
  CHECK(peaks.notes.empty());
}

TEST_CASE("read_tenx_hdf5: Antibody Capture is an obsm entry, unless features of all types are asked for") {
  io::TenxFeatures features{{"g", "p1", "p2", "c"},
                            {"LYZ", "CD3", "CD3", "x"},
                            {"Gene Expression", "Antibody Capture", "Antibody Capture", "CRISPR Guide Capture"},
                            {}};
  io::RawRows rows{{0, 3, 4}, {0, 2, 1, 3}, {1, 2, 3, 4}};
  const CellTable table = io::make_tenx_table("t", {"a", "b"}, features, rows, {});
  CHECK(table.genes() == 1);
  Matrix<float> proteins(2, 2);
  proteins << 3, 2, 0, 0;
  CHECK(table.embeddings.at("protein_expression") == proteins);
  CHECK(table.strings.at("protein_expression_columns") == std::vector<std::string>{"CD3", "CD3-1"});
  REQUIRE(table.notes.size() == 2);
  CHECK_THAT(table.notes[1], ContainsText("1 feature was left out (CRISPR Guide Capture 1)"));
  CHECK(io::make_tenx_table("t", {"a", "b"}, features, rows, {.feature_type = ""}).embeddings.empty());
}
