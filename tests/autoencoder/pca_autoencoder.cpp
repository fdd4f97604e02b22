#include <latentcell/autoencoder/pca_autoencoder.hpp>

#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;

using Model = PcaAutoencoder<float, NegativeBinomial<float>>;

TEST_CASE("PcaAutoencoder: encodes to principal components in units of the first, and learns to decode them") {
  Rng rng(4);
  const CellTable cells = simulate({.cells = 300, .genes = 60, .types = 3, .library = 200}, rng);
  Model model({.genes = 60, .hidden = {24}, .latent = 4}, rng);
  const History history = fit(model, cells, {.epochs = 15, .batch = 50, .learning_rate = 3e-3f});
  CHECK(history.epochs.back().loss < history.epochs.front().loss);
  const LatentTable z = encode(model, cells);
  CHECK(z.deviation.size() == 0);

  Rng own(0, 51);
  const Counts logs = kernel::log_normalize(cells.counts);
  const kernel::Pca<float> pca = kernel::fit_pca(logs.view(), {.components = 4}, own);
  const Matrix<float> expected = kernel::project(pca, logs.view()) / float(std::sqrt(pca.variance[0]));
  CHECK((z.mean - expected).cwiseAbs().maxCoeff() < 1e-4f);
  const float first = std::sqrt((z.mean.col(0).array() - z.mean.col(0).mean()).square().sum() / 299);
  CHECK(first == Approx(1).epsilon(1e-3));

  // The decoder tells more of a cell than the genes' means do.
  Matrix<float> shuffled = z.mean;
  for (Index i = 0; i + 1 < shuffled.rows(); ++i) shuffled.row(i).swap(shuffled.row(i + 1));
  const auto nll = [&](const Matrix<float>& latents) {
    CellBatches source(cells, {.batch = 300});
    CellBatch batch;
    REQUIRE(source.next(batch));
    Tape<float> tape(Mode::no_gradient);
    return model.mean_nll(tape, tape.constant(view(latents)), batch).item();
  };
  CHECK(nll(z.mean) + 2 < nll(shuffled));
}

TEST_CASE("PcaAutoencoder: refuses more components than there are cells to tell them") {
  Rng rng(4);
  const CellTable cells = simulate({.cells = 5, .genes = 60, .types = 1}, rng);
  Model model({.genes = 60, .hidden = {8}, .latent = 5}, rng);
  CHECK_THROWS_WITH(model.initialize_from_data(cells.counts), ContainsText("5 components of 5 cells"));
}
