#include <latentcell/data/simulate_multiomics.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("simulate_multiomics: three modalities of the same cells, from one seed the same") {
  Rng rng(2), again(2);
  const MultiomicsOptions o{.cells = 60, .genes = 80, .proteins = 5, .peaks = 30};
  const CellTable cells = simulate_multiomics(o, rng), twin = simulate_multiomics(o, again);
  cells.check();
  const Matrix<float>& protein = cells.embeddings.at("protein_expression");
  const Matrix<float>& peaks = cells.embeddings.at("accessibility");
  CHECK(protein.rows() == 60);
  CHECK(protein.cols() == 5);
  CHECK(protein == twin.embeddings.at("protein_expression"));
  for (Index i = 0; i < peaks.size(); ++i) CHECK((peaks.data()[i] == 0 || peaks.data()[i] == 1));
  for (Index i = 0; i < protein.size(); ++i) CHECK(protein.data()[i] == std::floor(protein.data()[i]));
  CHECK(cells.strings.at("protein_names").size() == 5);
  CHECK_THROWS_WITH(simulate_multiomics({.cells = 0}, rng), ContainsText("cells must be at least 1, got 0"));
}
