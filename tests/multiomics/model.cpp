#include <latentcell/multiomics/model.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("multiomics::Model: a condition is those of the sources, in order, zero for what is missing") {
  const Dataset d = dataset(60);
  const Modality rna = rna_modality(d.cells);
  const Model model = make_model(small_options(), d.protein, {rna, *d.extra}, 1);
  REQUIRE(model.n_condition() == 14);  // twice five components, total and mark
  const Matrix<float> both = model.condition_features({rna, *d.extra}),
                      alone = model.condition_features({rna, hide(*d.extra)});
  CHECK(both.leftCols(7) == model.sources[0].condition_features(rna));
  CHECK(both.rightCols(7) == model.sources[1].condition_features(*d.extra));
  CHECK(alone.leftCols(7) == both.leftCols(7));
  CHECK(alone.rightCols(7).isZero());
}

TEST_CASE("multiomics::Model: what does not fit is named") {
  const Dataset d = dataset(60);
  const Modality rna = rna_modality(d.cells);
  const Model model = make_model(small_options(), d.protein, {rna, *d.extra}, 1);
  CHECK_THROWS_WITH(model.condition_features({rna}), ContainsText("1 modalities for 2 sources"));
  CHECK_THROWS_WITH(model.condition_features({rna, select_cells(*d.extra, range(0, 9))}),
                    ContainsText("'accessibility' has 9 cells but 'rna' 60"));
  Options o = small_options();
  o.noise = -1;
  CHECK_THROWS_WITH(make_model(o, d.protein, {rna}, 1), ContainsText("noise must be at least 0, got -1"));
  o.noise = 0, o.hide = 1;
  CHECK_THROWS_WITH(make_model(o, d.protein, {rna}, 1), ContainsText("hide must be in [0, 1), got 1"));
  CHECK_THROWS_WITH(make_model(small_options(), d.protein, {}, 1), ContainsText("no modality to translate from"));
}
