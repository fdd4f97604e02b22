#include <latentcell/autodiff/visit.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/backbone/shared_conditions.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<float> noise(Index rows, Index cols, Rng& rng) {
  Matrix<float> out(rows, cols);
  for (Index i = 0; i < out.size(); ++i) out.data()[i] = float(rng.normal());
  return out;
}

/// Conditions of which only some differ.
Matrix<float> conditions(Index rows, Index kinds, Index cols, Rng& rng) {
  const Matrix<float> each = noise(kinds, cols, rng);
  Matrix<float> out(rows, cols);
  for (Index b = 0; b < rows; ++b) out.row(b) = each.row((b * b) % kinds);
  return out;
}

}  // namespace

TEST_CASE("SharedConditions: each cell has its own time and condition among the different ones") {
  Rng rng(1);
  const Matrix<float> values = conditions(40, 3, 5, rng);
  std::vector<float> t(40, 0.25f);
  t[7] = 0.5f;
  Tape<float> tape(Mode::no_gradient);
  const SharedConditions<float> shared(tape, t, tape.constant(view(values)));
  REQUIRE(shared.rows().size() == 40);
  CHECK(shared.t().size() < 5);
  for (Index b = 0; b < 40; ++b) {
    const int row = shared.rows()[to_size(b)];
    CHECK(shared.t()[to_size(row)] == t[to_size(b)]);
    CHECK(shared.condition().value().row(row) == values.row(b));
  }
}

TEST_CASE("SharedConditions: with gradients, and where nearly all differ, every cell has its own") {
  Rng rng(2);
  const Matrix<float> same = conditions(40, 1, 5, rng), other = noise(400, 5, rng);
  const std::vector<float> t(400, 0.5f);
  Tape<float> training(Mode::train), sampling(Mode::no_gradient);
  CHECK(SharedConditions<float>(training, {t.data(), 40}, training.constant(view(same))).rows().empty());
  const SharedConditions<float> own(sampling, t, sampling.constant(view(other)));
  CHECK(own.rows().empty());
  CHECK(own.t().size() == 400);
  CHECK(own.condition().value() == other);
}

TEST_CASE("ResidualMlp: cells that share a condition come out as they do with gradients") {
  for (const Injection injection : {Injection::adaln, Injection::film, Injection::concatenation}) {
    Rng rng(3);
    ResidualMlp<float> net({.latent = 6, .width = 40, .depth = 2, .condition = 8, .injection = injection}, rng);
    // Blocks start as nothing at all.
    visit_state(net, [&](std::string_view, auto& p) {
      for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.05f * float(rng.normal());
    });
    for (const Index batch : {1, 5, 130, 512}) {
      const Matrix<float> z = noise(batch, 6, rng), values = conditions(batch, 4, 8, rng);
      const std::vector<float> t(to_size(batch), 0.3f);
      Tape<float> with(Mode::evaluate), without(Mode::no_gradient);
      const Matrix<float> a = net(with, with.constant(view(z)), t, with.constant(view(values))).value();
      const Matrix<float> b = net(without, without.constant(view(z)), t, without.constant(view(values))).value();
      CAPTURE(batch);
      CHECK(a.cwiseAbs().maxCoeff() > 0.01f);
      CHECK((a - b).cwiseAbs().maxCoeff() == 0.0f);
    }
  }
}
