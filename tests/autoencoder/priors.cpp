#include <cmath>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/likelihood/protein_mixture.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"
#include "support/param_gradcheck.hpp"

using namespace latentcell;

namespace {

CellTable some_cells(Index batch_covariate_levels = 1) {
  Rng rng(7);
  return simulate({.cells = 400,
                   .genes = 50,
                   .types = 3,
                   .batch_covariate_levels = batch_covariate_levels,
                   .library = 400,
                   .marker_share = 0.3,
                   .marker_strength = 2},
                  rng);
}

template <class F>
void with_batch(const CellTable& cells, Index size, const std::vector<int>& codes, F&& f) {
  CellBatches source(cells, {.batch = size, .batch_covariate = codes});
  CellBatch batch;
  REQUIRE(source.next(batch));
  f(batch);
}

VaeOptions small(Prior kind) {
  return {.genes = 50,
          .hidden = {24},
          .latent = 4,
          .prior = {.kind = kind, .components = 6},
          .dropout = 0.0f,
          .kl_warmup = 0};
}

}  // namespace

TEST_CASE("Vae: gradients through every prior agree with central differences") {
  const CellTable cells = some_cells();
  const int before = threads();
  set_threads(1);
  for (const Prior kind : {Prior::mixture, Prior::vamp}) {
    Rng rng(3);
    Vae<double, NegativeBinomial<double>> vae(small(kind), rng);
    vae.initialize_from_data(cells.counts);
    with_batch(cells, 6, {}, [&](const CellBatch& batch) {
      Tape<double> tape;
      const auto loss = [&] {
        tape.reset(Mode::train, Rng(6));
        return vae.loss(tape, batch, 1.0);
      };
      support::check_param_gradients(tape, vae, loss, 2e-5);
    });
  }
  set_threads(before);
}

TEST_CASE("Vae: a mixture prior of one standard component is the normal prior") {
  const CellTable cells = some_cells();
  Rng rng(3);
  VaeOptions o = small(Prior::mixture);
  o.prior.components = 1;
  Vae<double, NegativeBinomial<double>> vae(o, rng);
  vae.prior.mean.value.setZero();
  with_batch(cells, 200, {}, [&](const CellBatch& batch) {
    // The draws' mean comes near to the closed form.
    double drawn = 0;
    Tape<double> tape(Mode::no_gradient, Rng(5));
    double exact = 0;
    for (int i = 0; i < 40; ++i) {
      tape.reset(Mode::no_gradient, Rng(std::uint64_t(i)));
      const Posterior<double> q = vae.encode(tape, batch);
      exact = kl_standard_normal(q.mean, q.log_variance).item();
      drawn += vae.kl(tape, q, batch).item() / 40;
    }
    CHECK(drawn == Approx(exact).epsilon(0.02));
  });
}

TEST_CASE("Vae: learned priors come nearer to the latents than the normal one, and draw where cells are") {
  const CellTable cells = some_cells();
  const int before = threads();
  set_threads(1);
  const auto gap = [&](Prior kind) {
    Rng rng(3);
    Vae<float, NegativeBinomial<float>> vae(small(kind), rng);
    fit(vae, cells, {.epochs = 60, .batch = 64, .learning_rate = 3e-3f, .seed = 1});
    const LatentTable latents = encode(vae, cells);
    const Matrix<float> drawn = vae.draw_prior(std::vector<int>(400, -1), rng);
    // Mean distance of a draw to its nearest cell, in units of the latents' spread.
    double sum = 0;
    for (Index i = 0; i < drawn.rows(); ++i) {
      sum += double((latents.mean.rowwise() - drawn.row(i)).rowwise().norm().minCoeff());
    }
    const RowVector<float> centre = latents.mean.colwise().mean();
    return sum / 400 / std::sqrt(double((latents.mean.rowwise() - centre).squaredNorm()) / 400);
  };
  const double normal = gap(Prior::normal), mixture = gap(Prior::mixture), vamp = gap(Prior::vamp);
  INFO("normal " << normal << ", mixture " << mixture << ", vamp " << vamp);
  CHECK(mixture < 0.9 * normal);
  CHECK(vamp < 0.9 * normal);
  set_threads(before);
}

TEST_CASE("Vae: wrong priors are refused with the alternative") {
  Rng rng(1);
  VaeOptions o = small(Prior::mixture);
  o.prior.labels = 3;
  REQUIRE_THROWS_WITH((Vae<float, NegativeBinomial<float>>(o, rng)), ContainsText("choose Prior::normal with"));
  o.prior.labels = 0;
  o.free_bits = 0.1f;
  REQUIRE_THROWS_WITH((Vae<float, NegativeBinomial<float>>(o, rng)), ContainsText("leave them 0"));
  o.free_bits = 0;
  o.prior.components = 0;
  REQUIRE_THROWS_WITH((Vae<float, NegativeBinomial<float>>(o, rng)),
                      ContainsText("prior.components must be at least 1, got"));
}

TEST_CASE("Vae: a linear decoder is linear in the latent") {
  const CellTable cells = some_cells(2);
  Rng rng(3);
  VaeOptions o = small(Prior::normal);
  o.linear_decoder = true;
  o.batch_covariate_levels = 2;
  Vae<double, NegativeBinomial<double>> vae(o, rng);
  CHECK(vae.heads.front().weight.value.rows() == 50);
  CHECK(vae.heads.front().weight.value.cols() == 4 + 2);
  Tape<double> tape(Mode::no_gradient);
  const auto at = [&](double a, double b) {
    const Matrix<double> z = (Matrix<double>(1, 4) << a, b, 0, 0).finished();
    return Matrix<double>(vae.decode(tape, tape.constant(view(z)), std::vector<int>{1})[0].value());
  };
  CHECK((at(1, 2) - at(0, 0) - (at(1, 0) - at(0, 0)) - 2 * (at(0, 1) - at(0, 0))).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("Vae: dispersions per level of the batch covariate are learned, and agree with the plain loss") {
  // The same means, one level far more variable than the other.
  Rng rng(4);
  Counts counts(20);
  std::vector<int> codes;
  for (Index b = 0; b < 600; ++b) {
    codes.push_back(int(b % 2));
    for (std::int32_t g = 0; g < 20; ++g) {
      const double x = draw_negative_binomial(8, b % 2 == 0 ? 0.7 : 30, rng);
      if (x > 0) counts.push(g, float(x));
    }
    counts.end_row();
  }
  CellTable cells;
  cells.counts = counts;
  for (int g = 0; g < 20; ++g) cells.gene_names.push_back(text("gene_", g));
  for (int b = 0; b < 600; ++b) cells.cell_names.push_back(text("cell_", b));
  cells.cell_columns = Annotation(600);
  cells.gene_columns = Annotation(20);
  VaeOptions o{.genes = 20, .hidden = {16}, .latent = 2, .batch_covariate_levels = 2, .dropout = 0.0f};
  Vae<float, NegativeBinomial<float>> vae(o, rng, {.dispersion = Dispersion::gene_batch});
  const int before = threads();
  set_threads(1);
  TrainState<float> state;
  fit(vae, cells, {.batch_covariate = codes}, {.epochs = 60, .batch = 64, .learning_rate = 3e-3f}, state);
  set_threads(before);
  const auto mean_theta = [&](Index row) { return double(vae.likelihood.log_theta.value.row(row).mean()); };
  INFO(mean_theta(0) << " and " << mean_theta(1));
  CHECK(mean_theta(0) < std::log(1.6));
  CHECK(mean_theta(1) > std::log(6.0));
  // The fused loss and the one from predictors.
  const std::vector<int> some{0, 1, -1, 1};
  with_batch(cells.select_cells(std::vector<Index>{0, 1, 2, 3}), 4, some, [&](const CellBatch& batch) {
    Tape<float> tape(Mode::no_gradient);
    const Var<float> z = vae.encode(tape, batch).mean;
    const std::vector<float> one(4, 1.0f);
    const float fused = vae.nll_of(tape, z, batch, one, nullptr).item();
    const auto p = vae.predictors(tape, vae.decode(tape, z, batch.batch_covariate), batch.batch_covariate);
    CHECK(
        fused ==
        Approx(count_loss<float>(Family::negative_binomial, o.link, p, {batch.counts, batch.library, one, 1e4}).item())
            .epsilon(1e-4));
  });
  REQUIRE_THROWS_WITH((Vae<float, NegativeBinomial<float>>({.genes = 5}, rng, {.dispersion = Dispersion::gene_batch})),
                      ContainsText("needs an autoencoder with a batch covariate"));
}

TEST_CASE("Vae: Bernoulli learns which peaks are open where, and draws zeros and ones of that rate") {
  const CellTable cells = some_cells();
  Rng rng(3);
  Vae<float, Bernoulli<float>> vae(small(Prior::normal), rng);
  const int before = threads();
  set_threads(1);
  const History h = fit(vae, cells, {.epochs = 40, .batch = 64, .learning_rate = 3e-3f, .seed = 1});
  CHECK(h.epochs.back().loss < h.epochs.front().loss);
  const CellTable drawn = draw(vae, encode(vae, cells), rng);
  set_threads(before);
  std::vector<double> real(50, 0.0), made(50, 0.0);
  for (Index b = 0; b < 400; ++b) {
    for (const std::int32_t g : cells.counts.view().row_columns(b)) real[std::size_t(g)] += 1.0 / 400;
    for (const std::int32_t g : drawn.counts.view().row_columns(b)) made[std::size_t(g)] += 1.0 / 400;
    for (const float v : drawn.counts.view().row_values(b)) REQUIRE(v == 1.0f);
  }
  double off = 0;
  for (std::size_t g = 0; g < 50; ++g) off = std::max(off, std::abs(real[g] - made[g]));
  CHECK(off < 0.12);  // standard error .025 a gene
  REQUIRE_THROWS_WITH((Vae<float, Bernoulli<float>>(small(Prior::normal), rng, {.dispersion = Dispersion::gene_cell})),
                      ContainsText("Bernoulli: has no dispersion"));
}

TEST_CASE("ProteinMixture: gradients of the whole loss, and the two parts are told apart") {
  // Two kinds of cells; each protein is foreground in one kind.
  Rng rng(4);
  Counts counts(6);
  for (Index b = 0; b < 500; ++b) {
    for (std::int32_t j = 0; j < 6; ++j) {
      const bool has = (j % 2) == (b % 2);
      const double x = draw_negative_binomial(has ? 80 : 5, 4, rng);
      if (x > 0) counts.push(j, float(x));
    }
    counts.end_row();
  }
  CellTable cells;
  cells.counts = counts;
  for (int g = 0; g < 6; ++g) cells.gene_names.push_back(text("protein_", g));
  for (int b = 0; b < 500; ++b) cells.cell_names.push_back(text("cell_", b));
  cells.cell_columns = Annotation(500);
  cells.gene_columns = Annotation(6);
  const VaeOptions o{.genes = 6, .hidden = {16}, .latent = 2, .dropout = 0.0f, .kl_warmup = 0};
  const int before = threads();
  set_threads(1);
  {
    Vae<double, ProteinMixture<double>> vae(o, rng);
    vae.initialize_from_data(cells.counts);
    with_batch(cells, 5, {}, [&](const CellBatch& batch) {
      Tape<double> tape;
      const auto loss = [&] {
        tape.reset(Mode::train, Rng(6));
        return vae.loss(tape, batch, 1.0);
      };
      support::check_param_gradients(tape, vae, loss, 2e-5);
    });
  }
  Vae<float, ProteinMixture<float>> vae(o, rng);
  fit(vae, cells, {.epochs = 80, .batch = 64, .learning_rate = 3e-3f});
  const LatentTable z = encode(vae, cells);
  Tape<float> tape(Mode::no_gradient);
  const auto p = vae.predictors(tape, vae.decode(tape, tape.constant(view(z.mean)), {}), {});
  double fore = 0, back = 0;
  for (Index b = 0; b < 500; ++b) {
    for (Index j = 0; j < 6; ++j) {
      const double m = double(ProteinMixture<float>::mean(
          p.log_background.value()(b, j), p.log_foreground.value()(b, j), p.logit_background.value()(b, j)));
      ((j % 2) == (b % 2) ? fore : back) += m / 1500;
    }
  }
  INFO("foreground " << fore << ", background " << back);
  CHECK(fore == Approx(80).epsilon(0.15));
  CHECK(back == Approx(5).epsilon(0.3));
  const CellTable drawn = draw(vae, z, rng);
  set_threads(before);
  double mean = 0, real = 0;
  for (Index b = 0; b < 500; ++b) mean += drawn.counts.view().row_sum(b) / 500, real += counts.view().row_sum(b) / 500;
  CHECK(mean == Approx(real).epsilon(0.1));
}
