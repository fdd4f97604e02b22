#include <latentcell/generation/evaluate_batch_correction.hpp>

#include <latentcell/generation/correct_batches.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE("evaluate_batch_correction: correction mixes batches and keeps labels apart") {
  Rng rng(2);
  const CellTable cells = simulate({.cells = 500,
                                    .genes = 150,
                                    .types = 3,
                                    .batch_covariate_levels = 2,
                                    .library = 500,
                                    .batch_effect_strength = 0.8},
                                   rng);
  const generation::Model m = generator::trained(cells);
  const Composition of = composition_of(m, cells);
  const evaluate::ScoreTable s = evaluate_batch_correction(cells, transform_batch(m.vae, cells, 0, rng), of, rng, 10);
  INFO(s.to_text());
  CHECK(s.value("as measured", "batch mixing") < 0.5);
  CHECK(s.value("corrected counts", "batch mixing") > 0.85);
  CHECK(s.value("corrected counts", "label purity") > 0.5);
  CHECK(s.value("latents", "batch mixing") > 0.5);
  CHECK(s.value("latents", "label purity") > 0.7);
  // Batches that differ in their means alone are mixed by subtracting these, and only by batch means.
  CHECK(s.value("batch means subtracted", "batch mixing") > s.value("as measured", "batch mixing") + 0.2);
  // With permuted batches there is nothing to correct: cells as measured are mixed as at random.
  Composition permuted = of;
  shuffle(std::span<int>(permuted.batch_covariate), rng);
  CHECK(evaluate_batch_correction(cells, transform_batch(m.vae, cells, 0, rng), permuted, rng, 10)
            .value("as measured", "batch mixing") > 0.9);
}

TEST_CASE("evaluate_batch_correction: a model without batches has none to correct") {
  const auto& [cells, m] = generator::shared();
  Rng rng(2);
  Composition of = composition_of(m, cells);
  of.batch_covariate.clear();  // as of such a model
  CHECK_THROWS_WITH(evaluate_batch_correction(cells, cells, of, rng, 10), ContainsText("0 batches and"));
}
