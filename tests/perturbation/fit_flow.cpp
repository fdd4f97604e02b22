#include <latentcell/perturbation/fit_flow.hpp>

#include <array>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

// Latents of three types of cells on a line; the drug moves each by (0, 2), scaled by the dose.
LatentTable latents(Index n, std::uint64_t seed, bool doses) {
  Rng rng(seed);
  LatentTable out;
  out.mean.resize(n, 2);
  std::vector<std::string> type, what;
  std::vector<double> dose;
  for (Index i = 0; i < n; ++i) {
    const int kind = int(i % 3);
    const bool treated = i % 2 == 1;
    const double amount = !treated ? 0 : doses ? (i % 4 == 1 ? 0.5 : 1.0) : 1.0;
    out.mean(i, 0) = float(3 * kind + 0.4 * rng.normal());
    out.mean(i, 1) = float(2 * amount + 0.4 * rng.normal());
    type.push_back(text("type_", kind));
    what.push_back(treated ? "drug" : "none");
    dose.push_back(amount);
    out.library.push_back(500);
    out.cell_names.push_back(text("cell_", i));
  }
  out.cell_columns = labelled("type", to_categorical(type));
  out.cell_columns.set("what", to_categorical(what));
  out.cell_columns.set("dose", dose);
  return out;
}

LatentTable only(const LatentTable& all, auto&& keep) {
  std::vector<Index> rows;
  for (Index i = 0; i < all.cells(); ++i) {
    if (keep(i)) rows.push_back(i);
  }
  return all.select_cells(rows);
}

const FitOptions quick{.epochs = 80, .batch = 64, .learning_rate = 3e-3f, .ema = 0.98f};

// Mean displacement of the middle type's control cells.
RowVector<float> displacement(const Model& m, double dose) {
  const LatentTable control = only(latents(300, 5, false), [](Index i) { return i % 3 == 1 && i % 2 == 0; });
  Annotation query = control.cell_columns;
  query.set("what", Categorical{{"drug"}, std::vector<int>(to_size(control.cells()), 0)});
  query.set("dose", std::vector<double>(to_size(control.cells()), dose));
  Rng rng(6);
  const LatentTable after = perturb_latents(m, control, query, 20, rng);
  CHECK(after.cell_names == control.cell_names);
  CHECK(after.library == control.library);
  return (after.mean - control.mean).colwise().mean();
}

}  // namespace

TEST_CASE("fit_flow: each form recovers the planted displacement in a type that was never perturbed") {
  const LatentTable train = only(latents(900, 1, false), [](Index i) { return i % 3 != 1 || i % 2 == 0; });
  for (const PerturbationForm form :
       {PerturbationForm::ot_flow, PerturbationForm::conditional_flow, PerturbationForm::displacement_flow}) {
    Options o = small_options(10);
    o.form = form;
    Rng rng(3);
    Model m(o, one_perturbation(), rng);
    TrainState<float> state;
    fit_flow(state, m, train, quick);
    const RowVector<float> by = displacement(m, 1);
    INFO("form " << int(form) << " moves by " << by);
    CHECK(std::abs(by(0)) < 0.6f);
    CHECK(std::abs(by(1) - 2) < 0.6f);
  }
}

TEST_CASE("fit_flow: a dose between the trained ones moves in proportion") {
  Options o = small_options(10);
  o.dose = "dose";
  Rng rng(3);
  Model m(o, one_perturbation(), rng);
  TrainState<float> state;
  fit_flow(state, m, latents(900, 1, true), quick);
  const std::array<float, 3> by{displacement(m, 0.5)(1), displacement(m, 0.75)(1), displacement(m, 1)(1)};
  INFO("moved by " << by[0] << ", " << by[1] << ", " << by[2]);
  CHECK(std::abs(by[0] - 1) < 0.4f);
  CHECK(std::abs(by[1] - 1.5f) < 0.4f);
  CHECK(std::abs(by[2] - 2) < 0.4f);
}

TEST_CASE("fit_flow: cells without controls, without perturbed cells, and a group without controls are refused") {
  Rng rng(3);
  Model m(small_options(10), one_perturbation(), rng);
  TrainState<float> state;
  const LatentTable all = latents(60, 1, false);
  CHECK_THROWS_WITH(fit_flow(state, m, only(all, [](Index i) { return i % 2 == 1; }), quick),
                    ContainsText("no cell is 'none' in column 'what'"));
  CHECK_THROWS_WITH(fit_flow(state, m, only(all, [](Index i) { return i % 2 == 0; }), quick),
                    ContainsText("at least one perturbed cell is needed"));
  CHECK_THROWS_WITH(fit_flow(state, m, only(all, [](Index i) { return i % 2 == 1 || i % 3 != 0; }), quick),
                    ContainsText("no source cell has 'type_0'"));
}

TEST_CASE("ControlSplit: a cell without a condition is neither control nor perturbed") {
  const Annotation obs = labelled("what", {{"drug", "none"}, {0, 1, -1, 0, 1}});
  const ControlSplit split(obs, small_options(10));
  CHECK(split.control == std::vector<Index>{1, 4});
  CHECK(split.perturbed == std::vector<Index>{0, 3});
}
