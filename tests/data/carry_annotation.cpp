#include <latentcell/data/carry_annotation.hpp>

#include <algorithm>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Texts = std::vector<std::string>;

CellTable of_genes(Texts names) {
  CellTable t;
  t.counts = Counts(Index(names.size()), {0, 1}, {0}, {1});
  t.cell_names = {"cell"};
  t.cell_columns = Annotation(1);
  t.gene_columns = Annotation(Index(names.size()));
  t.gene_names = std::move(names);
  return t;
}

CellTable annotated() {
  CellTable t = of_genes({"a", "b", "c"});
  t.gene_columns.set("id", Texts{"1", "2", "3"});
  t.gene_columns.set("kept", Texts{"x", "y", "z"});
  t.stored = {{"varm/PCs", stored_real(1)},
              {"uns/pca", stored_real(2)},
              {"uns/latentcell", stored_real(3)},
              {"uns/log1p", stored_real(4)},
              {"layers/spliced", stored_real(5)}};
  t.strings = {{"colors", {"red"}}, {"latentcell", {"old"}}};
  return t;
}

}  // namespace

TEST_CASE("carry_annotation: genes and data are described as before, how the file was made is not") {
  CellTable to = of_genes({"a", "b", "c"});
  to.gene_columns.set("kept", Texts{"own", "own", "own"});
  carry_annotation(to, annotated());
  CHECK(std::get<Texts>(to.gene_columns.get("id")) == Texts{"1", "2", "3"});
  CHECK(std::get<Texts>(to.gene_columns.get("kept")) == Texts{"own", "own", "own"});
  CHECK(to.stored.size() == 2);
  CHECK(to.stored.count("varm/PCs") == 1);
  CHECK(to.stored.count("uns/pca") == 1);
  CHECK(to.strings == std::map<std::string, Texts>{{"colors", {"red"}}});
}

TEST_CASE(
    "carry_annotation: columns of the table's own genes are picked by name, matrices of other genes are not taken") {
  CellTable fewer = of_genes({"c", "a"});
  carry_annotation(fewer, annotated());
  CHECK(std::get<Texts>(fewer.gene_columns.get("id")) == Texts{"3", "1"});
  CHECK(fewer.stored.count("varm/PCs") == 0);
  CHECK(fewer.stored.count("uns/pca") == 1);
  CellTable other = of_genes({"a", "q"});
  carry_annotation(other, annotated());
  CHECK(!other.gene_columns.has("id"));
}

TEST_CASE("left_out: everything that one table has and the other lacks, by place") {
  CellTable from = annotated();
  from.cell_columns.set("donor", Texts{"d"});
  from.embeddings["X_umap"] = Matrix<float>::Zero(1, 2);
  CellTable to = of_genes({"a", "b", "c"});
  const Texts all = left_out(from, to);
  for (const char* place : {"obs/donor", "var/id", "obsm/X_umap", "uns/colors", "layers/spliced"}) {
    INFO(place);
    CHECK(std::count(all.begin(), all.end(), place) == 1);
  }
  CHECK(left_out(from, from).empty());
}
