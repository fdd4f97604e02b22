#include <latentcell/latent/cell_likelihood.hpp>

#include "interpretable_model.hpp"

using namespace latentcell;
using namespace interpretable_model;

TEST_CASE("cell_likelihood: a trained model gives its cells a higher likelihood than an untrained one, cell by cell") {
  const Fitted& f = fitted(false);
  Rng rng(1);
  const Model untrained({.genes = 50, .hidden = {24}, .latent = 3}, rng);
  const CellLikelihood good = cell_likelihood(f.model, f.cells), bad = cell_likelihood(untrained, f.cells);
  CHECK(good.mean_log_prob > bad.mean_log_prob);
  CHECK(good.mean_kl > 0);
  double sum = 0;
  for (double l : good.log_prob) sum += l / 400;
  CHECK(good.log_prob.size() == 400);
  CHECK(sum == Approx(good.mean_log_prob));
  // A cell's likelihood does not depend on the cells beside it.
  const std::vector<Index> some{300, 7};
  CHECK(cell_likelihood(f.model, f.cells.select_cells(some)).log_prob[1] == Approx(good.log_prob[7]).epsilon(1e-4));
}
