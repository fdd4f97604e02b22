#include <latentcell/generation/calibrate_gene_means.hpp>

#include <latentcell/generation/predict.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE("calibrate_gene_means: generated cells of a rare label come nearer to its real means") {
  const CellTable& cells = generator::shared().cells;
  generation::Model m = generator::shared().model;
  const std::vector<int> type = cells.obs("cell_type").codes, label(600, 2);
  const auto error = [&] {
    Rng own(8);
    const CellTable made = generate(m, Composition{label, std::vector<int>(600, -1)}, {.steps = 8}, own);
    return generator::gap(generator::profile(cells, type, 2), generator::profile(made, label, 2));
  };
  CHECK((m.gene_scale.value.array() == 1).all());
  const double before = error();
  Rng rng(2);
  calibrate_gene_means(m, cells, rng, {.pseudo_count = 5, .steps = 8});
  CHECK(error() < 0.8 * before);
  // A large pseudo-count leaves the model as it is, and so does a label without cells.
  Rng again(2);
  calibrate_gene_means(m, cells, again, {.pseudo_count = 1e9, .steps = 2});
  CHECK((m.gene_scale.value.array() - 1).abs().maxCoeff() < 1e-3f);
  CellTable without = cells;
  std::vector<int> codes = type;
  for (int& code : codes) code = code == 2 ? -1 : code;
  without.cell_columns.set("cell_type", Categorical{m.options.levels, codes});
  calibrate_gene_means(m, without, again, {.pseudo_count = 1, .steps = 2});
  CHECK((m.gene_scale.value.row(2).array() - 1).abs().maxCoeff() < 1e-5f);
  CHECK((m.gene_scale.value.row(0).array() - 1).abs().maxCoeff() > 0.1f);
}
