#include <latentcell/autoencoder/vq_gan.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/train/checkpoint.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Model = VqGan<float, NegativeBinomial<float>>;
using Exact = VqGan<double, NegativeBinomial<double>>;

CellTable some_cells() {
  Rng rng(7);
  return simulate({.cells = 300, .genes = 60, .types = 3, .library = 400, .marker_share = 0.3, .marker_strength = 2},
                  rng);
}

VqVaeOptions small() {
  return {.genes = 60, .hidden = {32}, .latent = 6, .dropout = 0.0f, .codebook = {.groups = 3, .codes = 16}};
}

template <class M>
M made(const AdversaryOptions& a) {
  Rng rng(2);
  return M(small(), a, rng);
}

template <class F>
void with_batch(const CellTable& cells, F&& f) {
  CellBatches source(cells, {.batch = cells.cells()});
  CellBatch batch;
  Rng rng(1);
  source.begin_epoch(rng);
  REQUIRE(source.next(batch));
  f(batch);
}

}  // namespace

TEST_CASE("VqGan: the adversary's gradient at the last layer is the asked share of the reconstruction's") {
  const CellTable cells = some_cells();
  for (const float weight : {0.1f, 0.5f}) {
    Exact model = made<Exact>({.hidden = {16}, .dropout = 0, .start = 0.5f, .weight = weight});
    model.initialize_from_data(cells.counts);
    with_batch(cells, [&](const CellBatch& batch) {
      Tape<double> tape;
      const auto gradient = [&](double share) {
        tape.reset(Mode::train, Rng(4));
        tape.backward(model.loss(tape, batch, share));
        const Param<double>& w = model.heads.front().weight;
        return Matrix<double>(ConstView<double>(tape.grad(w), w.value.rows(), w.value.cols()));
      };
      const Matrix<double> before = gradient(0.4), after = gradient(0.6);
      CHECK((after - before).norm() == Approx(double(weight) * before.norm()).epsilon(1e-3));
      each_param(model.discriminator, [&](const Param<double>& p) { CHECK(tape.grad(p) == nullptr); });
    });
  }
}

TEST_CASE("VqGan: outside training the loss is VqVae's") {
  const CellTable cells = some_cells();
  const Model model = made<Model>({.start = 0});
  with_batch(cells, [&](const CellBatch& batch) {
    Tape<float> tape(Mode::evaluate);
    const float own = model.loss(tape, batch, 1).item();
    tape.reset();
    CHECK(own == static_cast<const VqVae<float, NegativeBinomial<float>>&>(model).loss(tape, batch, 1).item());
  });
}

TEST_CASE("VqGan: the discriminator learns to tell, and only when its time has come") {
  const CellTable cells = some_cells();
  Model model = made<Model>({.hidden = {32}, .dropout = 0, .start = 0.5f, .learning_rate = 3e-3f});
  model.initialize_from_data(cells.counts);
  with_batch(cells, [&](const CellBatch& batch) {
    Tape<float> tape(Mode::train, Rng(3));
    const Matrix<float> at_first = model.discriminator.score.weight.value;
    model.after_step(tape, batch, 0.4);
    CHECK(model.discriminator.score.weight.value == at_first);
    // An untrained generator's cells differ from real ones in every marker gene.
    model.after_step(tape, batch, 0.6);
    const double untold = model.discriminator_loss;
    for (int i = 0; i < 60; ++i) model.after_step(tape, batch, 0.6);
    INFO("hinge loss " << untold << " to " << model.discriminator_loss);
    CHECK(model.discriminator_loss < 0.5 * untold);
    CHECK(model.discriminator_steps.value(0, 0) > 10);
  });
}

TEST_CASE("VqGan: trains, stays finite, serves encode and draw, and goes on from a checkpoint bit for bit") {
  const CellTable cells = some_cells();
  const FitOptions options{.epochs = 12, .batch = 64, .seed = 3};
  const int before = threads();
  set_threads(1);
  Model whole = made<Model>({.hidden = {16}});
  const History history = fit(whole, cells, options);
  CHECK(history.epochs.back().loss < history.epochs.front().loss);
  CHECK(std::isfinite(whole.discriminator_loss));
  CHECK(whole.discriminator_steps.value(0, 0) > 0);
  Rng rng(9);
  const CellTable drawn = draw(whole, encode(whole, cells), rng);
  CHECK(drawn.counts.view().nonzeros() > 0);

  const std::string file = "/tmp/latentcell_vq_gan.safetensors";
  Model part = made<Model>({.hidden = {16}});
  TrainState<float> state;
  fit(part, cells, options, state, [](auto&, auto& s) { s.stop = s.history.epochs.size() == 7; });
  save_training(file, part, state);
  Model resumed = made<Model>({.hidden = {16}});
  TrainState<float> again;
  restore_training(file, resumed, again);
  fit(resumed, cells, options, again);
  visit_state(resumed, [&](std::string_view name, const auto& p) {
    visit_state(whole, [&](std::string_view other, const auto& q) {
      INFO(name);
      if (name == other) CHECK(p.value == q.value);
    });
  });
  std::remove(file.c_str());
  set_threads(before);
}

TEST_CASE("VqGan: what makes no sense is refused") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(Model(small(), {.hidden = {}}, rng),
                      ContainsText("VqGan: hidden must have at least 1 element, got 0"));
  REQUIRE_THROWS_WITH(Model(small(), {.weight = -1}, rng), ContainsText("VqGan: weight must be at least 0, got -1"));
}
