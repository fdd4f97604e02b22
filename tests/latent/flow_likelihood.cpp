#include <cmath>
#include <numbers>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/flow_likelihood.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("vae_log_likelihood: rises with the samples to the integral over the latent, worked out on a grid") {
  const int before = threads();
  set_threads(1);
  Rng rng(7);
  const CellTable cells = simulate({.cells = 200, .genes = 20, .types = 2, .library = 100}, rng);
  for (const Prior kind : {Prior::normal, Prior::mixture}) {
    Vae<double, NegativeBinomial<double>> vae(
        {.genes = 20, .hidden = {16}, .latent = 1, .prior = {.kind = kind, .components = 3}, .dropout = 0.0f}, rng);
    fit(vae, cells, {.epochs = 30, .batch = 50, .learning_rate = 3e-3f});
    const CellTable few = cells.select_cells(std::vector<Index>{0, 1, 2, 3, 4});
    // p(x) = integral p(x | z) p(z) dz by the trapezoid rule.
    std::vector<double> exact(5, 0.0);
    CellBatches source(few, {.batch = 5});
    CellBatch batch;
    REQUIRE(source.next(batch));
    const double step = 0.01;
    const std::vector<double> one(5, 1.0);
    std::vector<std::vector<double>> terms(5);
    Tape<double> tape(Mode::no_gradient);
    for (double at = -8; at <= 8; at += step) {
      tape.reset();
      const Matrix<double> z = Matrix<double>::Constant(5, 1, at);
      std::vector<double> log_x(5);
      (void)vae.nll_of(tape, tape.constant(view(z)), batch, one, log_x.data());
      const double log_p = vae.log_prior(tape, tape.constant(view(z)), {}).value()(0, 0);
      for (std::size_t i = 0; i < 5; ++i) terms[i].push_back(log_x[i] + log_p);
    }
    for (std::size_t i = 0; i < 5; ++i) {
      const double top = *std::max_element(terms[i].begin(), terms[i].end());
      double sum = 0;
      for (const double t : terms[i]) sum += std::exp(t - top) * step;
      exact[i] = top + std::log(sum);
    }
    const auto bound = [&](Index samples) { return vae_log_likelihood(vae, few, samples, rng); };
    double elbo = 0;
    for (int k = 0; k < 200; ++k) elbo += bound(1)[0] / 200;
    const std::vector<double> tight = bound(3000);
    CHECK(elbo < exact[0]);
    for (std::size_t i = 0; i < 5; ++i) CHECK(tight[i] == Approx(exact[i]).margin(0.05));
  }
  set_threads(before);
}
