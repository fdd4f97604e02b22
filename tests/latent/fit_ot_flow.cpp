#include <latentcell/latent/push_forward.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/latent/fit_ot_flow.hpp>

#include "support/mixture.hpp"

#include "support/catch.hpp"

using namespace latent_tests;

namespace {

// Two kinds of cells in two dimensions; the treatment moves kind a by (3, 0) and kind b by (0, -2).
LatentTable cells(Index n, bool treated, std::uint64_t seed) {
  Rng rng(seed);
  LatentTable out;
  out.mean.resize(n, 2);
  std::vector<int> codes;
  for (Index i = 0; i < n; ++i) {
    const int kind = int(i % 2);
    codes.push_back(kind);
    out.mean(i, 0) = float((kind == 0 ? 0 : 6) + (treated && kind == 0 ? 3 : 0) + 0.5 * rng.normal());
    out.mean(i, 1) = float((treated && kind == 1 ? -2 : 0) + 0.5 * rng.normal());
    out.library.push_back(1000);
    out.cell_names.push_back(text("cell_", i));
  }
  out.cell_columns = labelled("type", Categorical{levels, codes});
  return out;
}

auto made_flow(Coupling coupling) {
  Rng rng(3);
  return LatentFlow(RectifiedFlow{.coupling = coupling},
                    ResidualMlp<float>({.latent = 2, .width = 32, .depth = 2, .condition = 8}, rng),
                    from_obs("type", levels, CategoricalCovariate<float>(2, 8, rng)));
}

const FitOptions quick{.epochs = 60, .batch = 64, .learning_rate = 3e-3f, .ema = 0.98f};

}  // namespace

TEST_CASE("between: carries each kind where its treatment leads, by transport within the kind") {
  const int before = threads();
  set_threads(1);
  const LatentTable control = cells(400, false, 1), treated = cells(400, true, 2);
  auto flow = made_flow(Coupling::optimal);
  fit_ot_flow(flow, control, treated, {.match = "type"}, quick);
  const LatentTable fresh = cells(200, false, 5);
  Rng rng(6);
  const LatentTable moved = push_forward(flow, fresh, {}, {.steps = 20}, 0, rng);
  double off[2] = {0, 0};
  for (Index i = 0; i < 200; ++i) {
    const RowVector<float> by = moved.mean.row(i) - fresh.mean.row(i);
    off[i % 2] += double((by - (i % 2 == 0 ? RowVector<float>{{3, 0}} : RowVector<float>{{0, -2}})).norm()) / 100;
  }
  set_threads(before);
  INFO("mean distance from the true movement " << off[0] << " and " << off[1]);
  CHECK(off[0] < 0.5);
  CHECK(off[1] < 0.5);
  CHECK(moved.cell_names == fresh.cell_names);
  CHECK(moved.library == fresh.library);
}

TEST_CASE("between: given pairs are learned as they are") {
  const int before = threads();
  set_threads(1);
  // Each cell is mirrored: no transport would pair them so.
  LatentTable from = cells(400, false, 1), to = from;
  to.mean.col(1) = -from.mean.col(1);
  std::vector<Index> pairs;
  for (Index i = 0; i < 400; ++i) pairs.push_back(i);
  auto flow = made_flow(Coupling::optimal);
  fit_ot_flow(flow, from, to, {.match = "type", .pairs = pairs}, quick);
  // The field at the start is the conditional mean of the pairs' movement, -2 y.
  Rng rng(6);
  double cross = 0, square = 0;
  const Matrix<float> known = read_conditions(flow.condition, from.cell_columns);
  Tape<float> tape(Mode::no_gradient);
  Matrix<float> z(400, 2);
  for (Index j = 0; j < 2; ++j)
    z.col(j) = (from.mean.col(j).array() - flow.scaler.mean.value(0, j)) / flow.scaler.scale.value(0, j);
  const std::vector<float> t(400, 0.0f);
  const Matrix<float> v = flow.velocity_net(tape, tape.constant(view(z)), t, flow.condition(tape, view(known))).value();
  for (Index i = 0; i < 400; ++i) cross += double(z(i, 1) * v(i, 1)), square += double(z(i, 1) * z(i, 1));
  set_threads(before);
  CHECK(cross / square == Approx(-2).epsilon(0.15));
}

TEST_CASE("between: a dimension in which cells do not differ is as wide as its posteriors") {
  LatentTable control = cells(200, false, 1), treated = cells(200, true, 2);
  for (LatentTable* one : {&control, &treated}) {
    one->mean.col(1) *= 0.01f;
    one->deviation = Matrix<float>::Constant(200, 2, 0.1f);
    one->deviation.col(1).setConstant(1.0f);
  }
  auto flow = made_flow(Coupling::optimal);
  const History h = fit_ot_flow(flow, control, treated, {.match = "type"}, {.epochs = 5, .batch = 64});
  CHECK(flow.scaler.scale.value(0, 1) == Approx(1.0f).epsilon(0.01));
  CHECK(h.epochs.back().loss < 5);  // of movements in units of the latents' own spread
}

TEST_CASE("between: what does not fit is named") {
  auto flow = made_flow(Coupling::optimal);
  LatentTable from = cells(10, false, 1), to = cells(10, true, 2);
  REQUIRE_THROWS_WITH(fit_ot_flow(flow, from, to, {.pairs = {1, 2}}, quick), ContainsText("2 pairs for 10"));
  REQUIRE_THROWS_WITH(fit_ot_flow(flow, from, to, {.pairs = std::vector<Index>(10, 99)}, quick),
                      ContainsText("pair 99"));
  REQUIRE_THROWS_WITH(fit_ot_flow(flow, from, to, {.pairs = std::vector<Index>(10, -2)}, quick),
                      ContainsText("fit_ot_flow: pairs must be at least -1, got -2 (element 0)"));
  REQUIRE_THROWS_WITH(fit_ot_flow(flow, from, to, {.noise = -0.5f}, quick),
                      ContainsText("fit_ot_flow: noise must be at least 0, got -0.5"));
  from.cell_columns = labelled("type", Categorical{{"a"}, std::vector<int>(10, 0)});
  REQUIRE_THROWS_WITH(fit_ot_flow(flow, from, to, {.match = "type"}, quick), ContainsText("no source cell has 'b'"));
  REQUIRE_THROWS_WITH(fit_ot_flow(flow, LatentTable{}, to, {}, quick), ContainsText("dimensions"));
}
