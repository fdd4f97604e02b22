#include <latentcell/multiomics/cell_modalities.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("select_modalities: the cells that are asked for, RNA in the genes that are asked for") {
  const Dataset d = dataset(30);
  const std::vector<Index> rows{4, 2, 9};
  const CellModalities m = select_modalities(d, rows, {d.cells.gene_names[7], d.cells.gene_names[1]});
  CHECK(m.rna.cells() == 3);
  CHECK(m.rna.features == std::vector<std::string>{d.cells.gene_names[7], d.cells.gene_names[1]});
  CHECK(dense_counts(m.rna.counts.view())(2, 0) == dense_counts(d.cells.counts.view())(9, 7));
  CHECK(dense_counts(m.protein.counts.view()).row(1) == dense_counts(d.protein.counts.view()).row(2));
  CHECK(m.sources().size() == 2);
  CHECK(m.all()[1].name == "protein_expression");
}

TEST_CASE("detected_genes: those with counts in enough of the cells that are asked for") {
  const Dataset d = dataset(30);
  const std::vector<Index> rows = range(0, 12);
  const std::vector<std::string> genes = detected_genes(d, rows, 5);
  const Matrix<float> x = dense_counts(d.cells.counts.view());
  for (Index g = 0; g < 100; ++g) {
    const bool here = std::find(genes.begin(), genes.end(), d.cells.gene_names[to_size(g)]) != genes.end();
    CHECK(here == ((x.col(g).head(12).array() > 0).count() >= 5));
  }
}

TEST_CASE("with_rna_only: other cells follow, and have RNA alone") {
  Dataset d = dataset(30);
  const CellModalities cells = select_modalities(d, range(0, 30), d.cells.gene_names);
  CHECK(with_rna_only(cells, d).rna.cells() == 30);
  add_rna_only(d, simulated(5, 9));
  const CellModalities all = with_rna_only(cells, d);
  CHECK(all.rna.cells() == 35);
  CHECK(all.rna.measured.back() == 1);
  CHECK(dense_counts(all.rna.counts.view()).row(30) == dense_counts(d.rna_only->counts.view()).row(0));
  for (const Modality& m : {all.protein, *all.extra}) {
    REQUIRE(m.cells() == 35);
    CHECK(Index(m.measured.size()) == 35);
    CHECK(m.measured[29] == 1);
    CHECK(m.measured[30] == 0);
    CHECK(m.counts.view().row_sum(34) == 0);
  }
}

TEST_CASE("rna_only_modalities: a model's genes in its order, all other modalities missing") {
  const Dataset d = dataset(30);
  const Model model = make_model(small_options(), d.protein, {rna_modality(d.cells), *d.extra}, 1);
  CellTable cells = simulated(6, 9);
  std::vector<std::string> reversed = cells.gene_names;
  std::reverse(reversed.begin(), reversed.end());
  const CellModalities m = rna_only_modalities(model, align_genes(cells, reversed).cells);
  CHECK(m.rna.features == d.cells.gene_names);
  CHECK(m.protein.measured == std::vector<char>(6, 0));
  CHECK(m.protein.features == d.protein.features);
  REQUIRE(m.extra);
  CHECK(m.extra->measured == std::vector<char>(6, 0));
  CHECK(model.condition_features(m.sources()).rightCols(7).isZero());
}
