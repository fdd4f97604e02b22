#include <latentcell/autoencoder/plain_autoencoder.hpp>
#include <latentcell/autoencoder/vq_vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/cell_likelihood.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/reconstruction_correlation.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

namespace {

using Model = VqVae<float, NegativeBinomial<float>>;

CellTable some_cells() {
  Rng rng(7);
  return simulate({.cells = 300, .genes = 60, .types = 3, .library = 400, .marker_share = 0.3, .marker_strength = 2},
                  rng);
}

}  // namespace

TEST_CASE("Codebook: each piece becomes the nearest of its group's codes") {
  Rng rng(1);
  const Codebook<double> book(6, {.groups = 2, .codes = 5}, rng);
  const Matrix<double> z = made_matrix(4, 6, 3);
  Tape<double> tape;
  const auto q = book(tape, tape.input(window(z)), 0.5);
  double loss = 0;
  for (Index b = 0; b < 4; ++b) {
    for (Index g = 0; g < 2; ++g) {
      double best = 1e300;
      Index chosen = 0;
      for (Index c = 0; c < 5; ++c) {
        const double d2 = (z.row(b).segment(3 * g, 3) - book.table.value.row(5 * g + c)).squaredNorm();
        if (d2 < best) best = d2, chosen = 5 * g + c;
      }
      CHECK(q.z.value().row(b).segment(3 * g, 3) == book.table.value.row(chosen));
      loss += 0.5 * best / 4;
    }
  }
  CHECK(q.loss.item() == Approx(loss));
}

TEST_CASE("Codebook: gradients go through to the latent, and to the codes where they move by loss") {
  for (CodebookUpdate update : {CodebookUpdate::average, CodebookUpdate::loss}) {
    Rng rng(1);
    const Codebook<double> book(4, {.groups = 2, .codes = 3, .update = update}, rng);
    const Matrix<double> z = made_matrix(3, 4, 3);
    Tape<double> tape;
    const Var<double> in = tape.input(window(z));
    const auto q = book(tape, in, 0.25);
    tape.backward(add(mean(q.z), q.loss));
    // mean passes 1/12 to each number; the commitment 2 * 0.25 (z - code) / 3 cells.
    const Matrix<double> expected = (z - q.z.value()) * (2 * 0.25 / 3) + Matrix<double>::Constant(3, 4, 1.0 / 12);
    CHECK((in.upstream() - expected).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((tape.grad(book.table) != nullptr) == (update == CodebookUpdate::loss));
  }
}

TEST_CASE("Codebook: learns the centres of well separated clouds, and dead codes start anew") {
  Rng rng(5);
  Codebook<float> book(2, {.groups = 1, .codes = 4, .decay = 0.8f}, rng);
  const float centres[4][2] = {{0, 0}, {5, 0}, {0, 5}, {5, 5}};
  Matrix<float> z(200, 2);
  for (int step = 0; step < 60; ++step) {
    for (Index i = 0; i < 200; ++i) {
      for (Index j = 0; j < 2; ++j) z(i, j) = centres[i % 4][j] + 0.1f * float(rng.normal());
    }
    book.learn(window(z), rng);
  }
  CHECK(book.perplexity(window(z)) == Approx(4).margin(0.01));
  for (const auto& centre : centres) {
    float nearest = 100;
    for (Index k = 0; k < 4; ++k) {
      nearest = std::min(nearest, std::hypot(book.table.value(k, 0) - centre[0], book.table.value(k, 1) - centre[1]));
    }
    CHECK(nearest < 0.1f);
  }
  book.table.value.row(0).setConstant(1000);  // far from everything
  book.sum.value.row(0) = book.table.value.row(0) * book.count.value(0, 0);
  for (int step = 0; step < 40; ++step) book.learn(window(z), rng);
  CHECK(book.table.value.cwiseAbs().maxCoeff() < 10);
}

TEST_CASE("VqVae: training lowers the loss, many codes are in use, and cells come back and can be drawn") {
  const CellTable cells = some_cells();
  for (CodebookUpdate update : {CodebookUpdate::average, CodebookUpdate::loss}) {
    INFO("update " << int(update));
    Rng rng(2);
    Model model({.genes = 60, .hidden = {32}, .latent = 8, .codebook = {.groups = 4, .codes = 16, .update = update}},
                rng);
    const History history = fit(model, cells, {.epochs = 30, .batch = 64, .learning_rate = 5e-3f});
    CHECK(history.epochs.back().loss < history.epochs.front().loss - 5);
    const LatentTable z = encode(model, cells);
    CHECK(z.deviation.size() == 0);
    CHECK(model.codebook.perplexity(window(z.mean)) > 3);
    CHECK(reconstruction_correlation(model, cells) > 0.35);
    const CellTable made = draw(model, z, rng);
    CHECK(made.cells() == 300);
    CHECK(made.counts.nonzeros() > 0);
    // The decoder sees codes alone: what lies between changes nothing.
    Tape<float> tape(Mode::no_gradient);
    const Var<float> at = tape.constant(window(z.mean));
    const Var<float> code = model.codebook(tape, at, 0.0f).z;
    CHECK(model.decode(tape, at, {})[0].value() == model.decode(tape, code, {})[0].value());
  }
}

TEST_CASE("VqVae: what does not fit is named") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(Model({.genes = 5, .latent = 6, .codebook = {.groups = 4}}, rng),
                      ContainsText("a latent of 6 cannot be cut into 4 groups"));
  REQUIRE_THROWS_WITH(Model({.genes = 5, .latent = 8, .codebook = {.codes = 1}}, rng),
                      ContainsText("VqVae: codebook.codes must be at least 2, got 1"));
}

TEST_CASE("PlainAutoencoder: trains, encodes and draws like the others") {
  const CellTable cells = some_cells();
  Rng rng(2);
  PlainAutoencoder<float, NegativeBinomial<float>> model({.genes = 60, .hidden = {32}, .latent = 6}, rng);
  const History history = fit(model, cells, {.epochs = 25, .batch = 64, .learning_rate = 5e-3f});
  CHECK(history.epochs.back().loss < history.epochs.front().loss - 5);
  const LatentTable z = encode(model, cells);
  CHECK(z.deviation.size() == 0);
  CHECK(reconstruction_correlation(model, cells) > 0.4);
  CHECK(cell_likelihood(model, cells).mean_kl == 0);
  CHECK(draw(model, z, rng).cells() == 300);
}
