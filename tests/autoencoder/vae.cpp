#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/clip.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/param_gradcheck.hpp"

using namespace latentcell;
using support::window;

namespace {

CellTable made_cells(Index cells, Index genes, Index batch_covariate_levels = 1) {
  Rng rng(11);
  return simulate(
      {.cells = cells, .genes = genes, .types = 3, .batch_covariate_levels = batch_covariate_levels, .library = 150},
      rng);
}

VaeOptions small(Index genes) { return {.genes = genes, .hidden = {16, 12}, .latent = 4, .dropout = 0.0f}; }

// All cells as one minibatch.
template <class F>
void with_batch(const CellTable& cells, const std::vector<int>& codes, const std::vector<int>& labels, F&& f) {
  CellBatches source(cells, {.batch = cells.cells(), .batch_covariate = codes, .labels = labels});
  CellBatch batch;
  REQUIRE(source.next(batch));
  f(batch);
}

template <class Model>
double train(Model& vae, const CellTable& cells, int steps, double* first = nullptr) {
  using T = typename Model::Scalar;
  vae.initialize_from_data(cells.counts);
  CellBatches source(cells, {.batch = 64});
  AdamW<T> optimizer;
  Tape<T> tape;
  Rng rng(3);
  CellBatch batch;
  double loss = 0;
  for (int step = 0; step < steps;) {
    source.begin_epoch(rng);
    while (step < steps && source.next(batch)) {
      tape.reset(Mode::train, rng.fork());
      const Var<T> l = vae.loss(tape, batch, 1.0);
      loss = double(l.item());
      if (step == 0 && first != nullptr) *first = loss;
      tape.backward(l);
      optimizer.step(vae, tape, T(3e-3));
      ++step;
    }
  }
  return loss;
}

template <class Model>
double evaluate(const Model& vae, const CellTable& cells) {
  using T = typename Model::Scalar;
  double out = 0;
  with_batch(cells, {}, {}, [&](const CellBatch& batch) {
    Tape<T> tape(Mode::evaluate);
    out = double(vae.loss(tape, batch, 1.0).item());
  });
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("Vae: gradients of the whole loss agree with central differences", "", Poisson<double>,
                   NegativeBinomial<double>, ZeroInflatedNegativeBinomial<double>, Gaussian<double>) {
  const CellTable cells = made_cells(5, 9, 2);
  const std::vector<int> codes{0, 1, -1, 1, 0}, labels{0, 1, 1, -1, 0};
  const bool poisson = TestType::family == Family::poisson;
  const int before_test = threads();
  set_threads(1);
  for (const Dispersion dispersion : {Dispersion::gene, Dispersion::gene_cell}) {
    if (poisson && dispersion == Dispersion::gene_cell) continue;
    Rng rng(2);
    VaeOptions o{.genes = 9,
                 .hidden = {5, 4},
                 .latent = 3,
                 .batch_covariate_levels = 2,
                 .prior = {.labels = 2},
                 .dropout = 0.0f,
                 .kl_weight = 0.7f};
    Vae<double, TestType> vae(o, rng, {.dispersion = dispersion});
    vae.initialize_from_data(cells.counts);
    each_param(vae, [&](Param<double>& p) {
      for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.1 * rng.normal();
    });
    with_batch(cells, codes, labels, [&](const CellBatch& batch) {
      Tape<double> tape;
      const auto loss = [&] {
        tape.reset(Mode::train, Rng(6));
        return vae.loss(tape, batch, 1.0);
      };
      support::check_param_gradients(tape, vae, loss, 2e-6);
    });
  }
  set_threads(before_test);
}

TEMPLATE_TEST_CASE("Vae: the loss falls on simulated cells, for every family, link and dispersion", "", Poisson<float>,
                   NegativeBinomial<float>, ZeroInflatedNegativeBinomial<float>, Gaussian<float>) {
  const CellTable cells = made_cells(120, 40);
  const int before_test = threads();
  set_threads(1);  // products this small only wait for a second one
  for (const LibraryLink link : {LibraryLink::softmax, LibraryLink::exp}) {
    for (const Dispersion dispersion : {Dispersion::gene, Dispersion::gene_cell}) {
      if (TestType::family == Family::poisson && dispersion == Dispersion::gene_cell) continue;
      Rng rng(2);
      VaeOptions o = small(40);
      o.link = link;
      o.dropout = 0.1f;
      Vae<float, TestType> vae(o, rng, {.dispersion = dispersion});
      vae.initialize_from_data(cells.counts);
      const double before = evaluate(vae, cells);
      train(vae, cells, 20);
      const double after = evaluate(vae, cells);
      INFO("link " << int(link) << ", dispersion " << int(dispersion) << ": " << before << " to " << after);
      CHECK(std::isfinite(after));
      CHECK(after < before - 0.2);
    }
  }
  set_threads(before_test);
}

TEST_CASE("Vae: a cell's code does not depend on the cells beside it, nor on its batch covariate") {
  const CellTable cells = made_cells(20, 30, 2);
  Rng rng(2);
  VaeOptions o = small(30);
  o.batch_covariate_levels = 2;
  o.dropout = 0.3f;  // off when encoding
  const Vae<float, NegativeBinomial<float>> vae(o, rng);
  Tape<float> tape(Mode::no_gradient);
  Matrix<float> all;
  with_batch(cells, std::vector<int>(20, 1), {},
             [&](const CellBatch& batch) { all = vae.encode(tape, batch).mean.value(); });
  CellBatches pairs(cells, {.batch = 2});
  CellBatch batch;
  for (Index first = 0; pairs.next(batch); first += batch.size()) {
    tape.reset();
    const Matrix<float> here = vae.encode(tape, batch).mean.value();
    CHECK((here - all.middleRows(first, batch.size())).cwiseAbs().maxCoeff() < 1e-5f);
  }
}

TEST_CASE("Vae: the decoder takes the batch covariate, and the mean of its levels where it is unknown") {
  Rng rng(2);
  VaeOptions o = small(30);
  o.batch_covariate_levels = 2;
  const Vae<float, NegativeBinomial<float>> vae(o, rng);
  const Matrix<float> z = support::made_matrix<float>(2, 4, 1);
  Tape<float> tape(Mode::no_gradient);
  const auto eta = [&](const std::vector<int>& codes) {
    tape.reset();
    return Matrix<float>(vae.decode(tape, tape.constant(window(z)), codes)[0].value());
  };
  CHECK((eta({0, 1}) - eta({1, 1})).row(0).cwiseAbs().maxCoeff() > 1e-3f);
  CHECK(eta({0, 1}).row(1) == eta({1, 1}).row(1));
  CHECK(eta({-1, -1}) == eta({}));
  REQUIRE_THROWS_WITH(eta({0, 2}), ContainsText("code 2 but there are 2 levels of the batch covariate"));
  REQUIRE_THROWS_WITH(eta({0}), ContainsText("1 codes of the batch covariate for 2 cells"));
}

TEST_CASE("Vae: the KL term rises with the run and counts in full when judging") {
  const CellTable cells = made_cells(20, 30);
  Rng rng(2);
  VaeOptions o = small(30);
  o.kl_warmup = 0.5f;
  const Vae<double, NegativeBinomial<double>> vae(o, rng);
  with_batch(cells, {}, {}, [&](const CellBatch& batch) {
    const auto loss = [&](Mode mode, double share) {
      Tape<double> tape(mode, Rng(4));
      return vae.loss(tape, batch, share).item();
    };
    const double none = loss(Mode::train, 0), half = loss(Mode::train, 0.25), full = loss(Mode::train, 0.5);
    CHECK(none < half);
    CHECK(half - none == Approx(full - half));
    CHECK(loss(Mode::train, 1) == full);
    CHECK(loss(Mode::evaluate, 0) == loss(Mode::evaluate, 1));
    Tape<double> tape(Mode::no_gradient);
    const Posterior<double> q = vae.encode(tape, batch);
    CHECK(full - none == Approx(kl_standard_normal(q.mean, q.log_variance).item()));
  });
}

TEST_CASE("Vae: a prior mean per label draws the KL towards itself") {
  const CellTable cells = made_cells(6, 30);
  Rng rng(2);
  VaeOptions o = small(30);
  o.prior.labels = 2;
  o.kl_warmup = 0;
  Vae<double, NegativeBinomial<double>> vae(o, rng);
  with_batch(cells, {}, {1, 1, 1, 1, 1, 1}, [&](const CellBatch& batch) {
    Tape<double> tape(Mode::evaluate);
    const double before = vae.loss(tape, batch, 1).item();
    vae.prior.mean.value.row(1) = vae.encode(tape, batch).mean.value().colwise().mean();
    tape.reset();
    CHECK(vae.loss(tape, batch, 1).item() < before);
    vae.prior.mean.value.row(0).setConstant(50);  // nobody's
    tape.reset();
    CHECK(vae.loss(tape, batch, 1).item() < before);
  });
}

TEST_CASE("Vae: a steady training step allocates nothing on the heap") {
  const CellTable cells = made_cells(128, 60, 2);
  Rng rng(2);
  VaeOptions o = small(60);
  o.batch_covariate_levels = 2;
  o.prior.labels = 3;
  o.dropout = 0.1f;
  Vae<float, ZeroInflatedNegativeBinomial<float>> vae(o, rng, {.dispersion = Dispersion::gene_cell});
  vae.initialize_from_data(cells.counts);
  const auto labels = cells.cell_columns.labels("cell_type").codes, codes = cells.cell_columns.labels("batch").codes;
  CellBatches source(cells, {.batch = 32, .batch_covariate = codes, .labels = labels});
  AdamW<float> optimizer;
  const Params<float> params(vae);
  Tape<float> tape;
  Rng steps(3);
  CellBatch batch;
  long after_two = 0;
  for (int epoch = 0; epoch < 4; ++epoch) {
    source.begin_epoch(steps);
    while (source.next(batch)) {
      tape.reset(Mode::train, steps.fork());
      tape.backward(vae.loss(tape, batch, 1.0));
      optimizer.step(params, tape, 1e-3f, float(clip_factor(gradient_norm(params, tape), 1.0)));
    }
    if (epoch == 0) after_two = support::allocations;  // the number of non-zeros differs from step to step
  }
  CHECK(support::allocations - after_two == 0);
}

TEST_CASE("Vae: one and two threads train alike") {
  const CellTable cells = made_cells(128, 60);
  const int before = threads();
  double loss[2];
  for (const int n : {1, 2}) {
    set_threads(n);
    Rng rng(2);
    Vae<float, NegativeBinomial<float>> vae(small(60), rng);
    loss[n - 1] = train(vae, cells, 10);
  }
  set_threads(before);
  CHECK(loss[0] == Approx(loss[1]).epsilon(1e-4));
}

TEST_CASE("Vae: cells without counts are encoded and judged like any other") {
  CellTable cells;
  cells.counts = Counts(5);
  cells.counts.end_row();
  cells.counts.push(2, 3.0f);
  cells.counts.end_row();
  Rng rng(2);
  Vae<float, NegativeBinomial<float>> vae(small(5), rng);
  vae.initialize_from_data(cells.counts);
  with_batch(cells, {}, {}, [&](const CellBatch& batch) {
    Tape<float> tape(Mode::train, Rng(1));
    const Var<float> loss = vae.loss(tape, batch, 1);
    tape.backward(loss);
    CHECK(std::isfinite(loss.item()));
    CHECK(ConstView<float>(tape.grad(vae.first.weight), 5, 16).allFinite());
  });
}

TEST_CASE("Vae: settings that make no model are named") {
  using Model = Vae<float, NegativeBinomial<float>>;
  Rng rng(1);
  REQUIRE_THROWS_WITH(Model({.genes = 0}, rng), ContainsText("Vae: genes must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(Model({.genes = 5, .latent = 0}, rng), ContainsText("Vae: latent must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(Model({.genes = 5, .hidden = {}}, rng),
                      ContainsText("Vae: hidden must have at least 1 element, got 0"));
  Model vae(small(5), rng);
  REQUIRE_THROWS_WITH(vae.initialize_from_data(Counts(6)), ContainsText("counts of 6 genes but the model has 5"));
}
