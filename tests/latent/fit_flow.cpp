#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/latent/sample_counts.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("fit_flow: latents without annotation and library sizes train a flow that generates without them") {
  LatentTable bare;
  bare.mean = small_models::latents().mean;
  auto flow = small_models::flow();
  CHECK(fit(flow, bare, {.epochs = 2, .batch = 8, .validation = 0.25f}).epochs.size() == 2);
  Rng rng(1);
  const LatentTable z = flow.generate({.count = 5, .steps = 3}, rng);
  CHECK(z.cells() == 5);
  CHECK(z.mean.allFinite());
  CHECK(z.library.empty());
  CHECK(z.cell_columns.labels("type").count(-1) == 5);
  const auto vae = small_models::vae();
  REQUIRE_THROWS_WITH(draw(vae, z, rng), ContainsText("0 library sizes for 5 cells"));
}

TEST_CASE("fit_flow: counts without names and annotation go through both stages") {
  CellTable bare;
  bare.counts = small_models::cells().counts;
  auto vae = small_models::vae();
  fit(vae, bare, {.epochs = 2, .batch = 16});
  const LatentTable z = encode(vae, bare);
  CHECK(z.cell_columns.rows() == 60);
  auto flow = small_models::flow();
  fit(flow, z, {.epochs = 2, .batch = 16});
  Rng rng(1);
  const CellTable made = draw(vae, flow.generate({.count = 7, .steps = 3}, rng), rng);
  CHECK(made.cells() == 7);
  CHECK(made.gene_names[11] == "gene_11");
  made.check();
}

TEST_CASE("fit_flow: tables whose parts are of other sizes are refused with both sizes") {
  auto flow = small_models::flow();
  const auto refused = [&](auto&& spoil, const char* message) {
    LatentTable table = small_models::latents();
    spoil(table);
    REQUIRE_THROWS_WITH(fit(flow, table, {.epochs = 1}), ContainsText(message));
    REQUIRE_THROWS_WITH(table.check(), ContainsText(message));
  };
  refused([](LatentTable& t) { t.deviation.setOnes(40, 1); }, "deviations (40, 1) of latents (40, 2)");
  refused([](LatentTable& t) { t.deviation.setOnes(39, 2); }, "deviations (39, 2) of latents (40, 2)");
  refused([](LatentTable& t) { t.library.pop_back(); }, "39 library sizes for 40 cells");
  refused([](LatentTable& t) { t.cell_names = {"a"}; }, "1 cell names for 40 cells");
  refused([](LatentTable& t) { t.cell_columns = Annotation(3); }, "annotation of 3 rows for 40 cells");
}

TEST_CASE("fit_flow: a run in two parts gives the bits of a run in one") {
  const LatentTable z = small_models::latents();
  const FitOptions options{.epochs = 4, .batch = 8};
  auto at_once = small_models::flow(), in_parts = small_models::flow();
  fit(at_once, z, options);
  TrainState<float> state;
  fit(in_parts, z, options, state, [](auto&, auto& s) { s.stop = s.history.epochs.size() == 2; });
  CHECK(state.history.interrupted);
  CHECK(fit(in_parts, z, options, state).epochs.size() == 4);
  CHECK(in_parts.velocity_net.options.latent == 2);
  std::vector<Matrix<float>> a, b;
  visit_params(at_once, [&](std::string_view, auto& p) { a.push_back(p.value); });
  visit_params(in_parts, [&](std::string_view, auto& p) { b.push_back(p.value); });
  CHECK(a == b);
}

TEST_CASE("double: two stages are trained, generate and draw, and gradients pass through the flow's loss") {
  const CellTable cells = small_models::cells();
  auto vae = small_models::vae<double>();
  fit(vae, cells, {.epochs = 3, .batch = 16});
  const LatentTable z = encode(vae, cells);
  LatentTable named = z;
  named.cell_columns = labelled("type", Categorical{{"type_0", "type_1"}, std::vector<int>(60, 1)});
  auto flow = small_models::flow<double>();
  static_assert(std::is_same_v<decltype(flow)::Scalar, double>);
  const History h = fit(flow, named, {.epochs = 20, .batch = 16, .learning_rate = 5e-3f});
  CHECK(h.epochs.back().loss < h.epochs.front().loss);
  Rng rng(2);
  const LatentTable made = flow.generate({.count = 9, .condition = {{"type", "type_1"}}, .steps = 4}, rng);
  CHECK(draw(vae, made, rng).counts.view().row_sum(0) > 0);
  const Matrix<float> values = Matrix<float>::Constant(4, 1, 1.0f);
  const auto loss = [&](Tape<double>& tape, const auto& in) {
    tape.set_mode(Mode::evaluate);
    return flow.loss(tape, in[0], view(values));
  };
  CHECK(gradcheck(loss, {Matrix<double>::Random(4, 2)}).worst < 1e-5);
}
