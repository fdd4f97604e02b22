#include <latentcell/multiomics/annotate.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("measured_cells: cells with proteins, log-normalised, and nothing predicted") {
  CellTable cells = simulated(20);
  cells.embeddings.at("protein_expression").row(3).setConstant(std::nanf(""));
  const Dataset d = make_dataset(cells, {});
  const CellTable out = measured_cells(d);
  CHECK(out.cells() == 19);
  CHECK(out.embeddings.size() == 6 + cells.embeddings.size());  // what the file carried is kept
  CHECK(out.embeddings.count("protein_expression") == 1);
  CHECK(out.embeddings.at("protein_measured").allFinite());
  CHECK(out.embeddings.at("protein_low80").array().isNaN().all());
}

TEST_CASE("held_out_cells and predicted_cells: what was predicted stands in the rows of its cells") {
  const Dataset d = dataset(20);
  CrossValidation v;
  v.fold.assign(20, 1);
  v.truth = Matrix<float>::Constant(20, 4, 2);
  Matrix<float> mean(20, 4);
  for (Index i = 0; i < 20; ++i) mean.row(i).setConstant(float(i));
  v.predictions.push_back({"latentcell", {}, {mean, mean, mean, mean, mean}});
  const CellTable out = held_out_cells(d, v);
  CHECK(out.embeddings.at("protein_predicted") == mean);
  CHECK(out.embeddings.at("protein_measured") == v.truth);
  CHECK(std::get<std::vector<double>>(out.cell_columns.get("held_out_fold")) == v.fold);

  const Model model = make_model(small_options(), d.protein, {rna_modality(d.cells), *d.extra}, 1);
  const CellTable more = simulated(6, 9);
  const CellModalities m = rna_only_modalities(model, more);
  Rng a(3), b(3);
  const CellTable predicted = predicted_cells(model, d, more.select_genes(range(5, 100)), m, {.draws = 4}, a);
  CHECK(predicted.gene_names == d.cells.gene_names);
  CHECK(predicted.embeddings.at("protein_high80") == translate(model, m.sources(), {.draws = 4}, b).high80);
  CHECK(predicted.embeddings.at("protein_measured").array().isNaN().all());
  CHECK(predicted.embeddings.count("X_joint") == 0);
}
