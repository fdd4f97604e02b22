#include <cstdlib>
#include <string>
#include <vector>

#include <latentcell/io/read_cells.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;
using fixtures::reference;

TEST_CASE("read_cells: the path says the reader") {
  CHECK(io::read_cells(reference("csr.h5ad")).gene_names[0] == "CD3D");
  CHECK(io::read_cells(reference("layers.h5ad"), {.layer = "raw"}).genes() == 7);
  CHECK(io::read_cells(reference("tenx_v2.h5"), {.genome = "GRCh38"}).gene_names[0] == "ENSG00001");
  CHECK(io::read_cells(reference("tenx_v3.h5")).genes() == 3);
  CHECK(io::read_cells(reference("mtx")).genes() == 5);
  CHECK(io::read_cells(reference("mtx_gz/matrix.mtx.gz"), {.feature_type = ""}).genes() == 5);
  fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "t.tsv", "\tA\tB\na\t1\t2\n");
  CHECK(io::read_cells(folder / "t.tsv").genes() == 2);
  CHECK(io::read_cells(folder / "t.tsv", {.rows = io::TableRows::genes}).cells() == 2);
  fixtures::write_bytes(folder / "t.h5", fixtures::read_bytes(reference("csr.h5ad")));
  CHECK(io::read_cells(folder / "t.h5").genes() == 5);
}

TEST_CASE("read_cells: what has no reader is said") {
  fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "t.loom", "x");
  CHECK_THAT(message([&] { io::read_cells(folder / "t.loom"); }),
             ContainsText("t.loom: has no supported extension; supported are .h5ad"));
  CHECK_THAT(message([] { io::read_cells("/no/such.csv"); }), ContainsText("/no/such.csv: cannot be opened"));
  CHECK_THAT(message([] { io::read_cells(reference("mtx"), {.layer = "counts"}); }),
             ContainsText("has no layer 'counts'"));
  CHECK_THAT(message([] { io::read_cells(reference("tenx_v3.h5"), {.layer = "counts"}); }),
             ContainsText("has no layer 'counts': it is no h5ad file"));
}

TEST_CASE("read_cells: published sets have the sizes that their notes say") {
  const char* data = std::getenv("LATENTCELL_DATA");
  if (data == nullptr || *data == '\0') {
    WARN("LATENTCELL_DATA is not set: the published sets are not read");
    return;
  }
  struct Case {
    const char* path;
    Index cells, genes, nonzeros;
    double total;
  };
  const Case cases[] = {
      {"zheng-sorted-pbmc/zheng_sorted_pbmc.h5ad", 2140, 8863, 2495965, 7376965},
      {"kang-ifnb-pbmc/kang_ifnb_pbmc.h5ad", 2800, 14053, 1971641, 5799413},
      {"celegans-embryo/celegans_embryo.h5ad", 1805, 10000, 753299, 1248505},
      {"malt-citeseq/malt_citeseq.h5ad", 1000, 33538, 1292474, 4473497},
      {"malt-citeseq/malt_rna_only.h5ad", 1100, 33538, 1364084, -1},
      {"osmfish-cortex/osmfish_cortex.h5ad", 6471, 33, -1, 1248106},
      {"breast-st-slices/slice1.csv.gz", 254, 7998, -1, -1},
      {"breast-st-slices/slice2.csv.gz", 251, 7713, -1, -1},
      {"breast-st-slices/slice3.csv.gz", 264, 7453, -1, -1},
      {"breast-st-slices/slice4.csv.gz", 262, 7571, -1, -1},
  };
  for (const Case& one : cases) {
    INFO(one.path);
    const CellTable table = io::read_cells(std::string(data) + "/" + one.path);
    CHECK(table.notes.empty());
    CHECK(table.cells() == one.cells);
    CHECK(table.genes() == one.genes);
    if (one.nonzeros >= 0) CHECK(table.counts.nonzeros() == one.nonzeros);
    double total = 0;
    for (Index c = 0; c < table.cells(); ++c) total += table.counts.view().row_sum(c);
    if (one.total >= 0) CHECK(total == one.total);
    const std::string path = one.path;
    if (path.starts_with("zheng")) CHECK(table.obs("cell_type").count(table.obs("cell_type").code_of("nk")) == 769);
    if (path.starts_with("kang")) CHECK(table.obs("condition").count(table.obs("condition").code_of("STIM")) == 1490);
    if (path.ends_with("malt_citeseq.h5ad")) {
      CHECK(table.strings.at("protein_names").size() == 17);
      CHECK(table.embeddings.at("protein_expression").cols() == 17);
      CHECK(table.embeddings.at("protein_expression").maxCoeff() == 12307);
    }
    if (path.starts_with("osmfish")) CHECK(table.embeddings.at("spatial").cols() == 2);
    if (path.ends_with("slice1.csv.gz")) {
      CHECK(table.cell_names[0] == "13.064x6.086");
      CHECK(table.gene_names[0] == "GAPDH");
    }
  }
}
