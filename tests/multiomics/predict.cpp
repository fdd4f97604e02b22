#include <latentcell/multiomics/predict.hpp>

#include <latentcell/core/threads.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("translate: a missing source is ignored, whatever its counts; threads do not matter") {
  const Dataset d = dataset(80);
  const Modality rna = rna_modality(d.cells);
  Model model = make_model(small_options(), d.protein, {rna, *d.extra}, 1);
  Stages stages;
  REQUIRE(fit(model, {d.protein, {rna, *d.extra}}, short_training(3), stages) == FitStatus::finished);
  const auto predicted = [&](const Modality& extra) {
    Rng rng(3);
    return translate(model, {rna, extra}, {.draws = 6}, rng);
  };
  const int before = threads();
  set_threads(1);
  const conformal::PredictionIntervals one = predicted(hide(*d.extra));
  set_threads(2);
  const conformal::PredictionIntervals two = predicted(hide(*d.extra));
  set_threads(before);
  CHECK(one.mean == two.mean);
  CHECK(one.low80 == two.low80);
  Modality other = hide(*d.extra);
  for (Index i = 0; i < 80; ++i) other.counts = d.extra->counts;
  CHECK(predicted(other).mean == one.mean);
  CHECK(predicted(*d.extra).mean != one.mean);
}

TEST_CASE("translate: means do not depend on whether samples are drawn") {
  const Dataset d = dataset(40);
  const Modality rna = rna_modality(d.cells);
  const Model model = make_model(small_options(), d.protein, {rna}, 1);
  Rng a(3), b(3);
  CHECK(translate(model, {rna}, {.draws = 0}, a).mean == translate(model, {rna}, {.draws = 4}, b).mean);
}
