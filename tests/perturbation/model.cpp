#include <latentcell/perturbation/evaluate.hpp>
#include <latentcell/perturbation/fit_correction.hpp>

#include <algorithm>
#include <cstdio>

#include <latentcell/data/simulate.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/perturbation_options.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Latents of three kinds of cells on a line; the treatment moves each by (0, 2) and a dose scales it.
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

const FitOptions quick{.epochs = 80, .batch = 64, .learning_rate = 3e-3f, .ema = 0.98f};

// Mean movement of the middle kind's control cells.
RowVector<float> moved_by(const Perturbation& m, double dose) {
  const LatentTable all = latents(300, 5, false);
  std::vector<Index> rows;
  for (Index i = 0; i < 300; ++i) {
    if (i % 3 == 1 && i % 2 == 0) rows.push_back(i);
  }
  const LatentTable control = all.select_cells(rows);
  Annotation wanted = control.cell_columns;
  wanted.set("what", Categorical{{"drug"}, std::vector<int>(rows.size(), 0)});
  wanted.set("dose", std::vector<double>(rows.size(), dose));
  Rng rng(6);
  const LatentTable after = perturbed_latents(m, control, wanted, 20, rng);
  CHECK(after.cell_names == control.cell_names);
  CHECK(after.library == control.library);
  return (after.mean - control.mean).colwise().mean();
}

}  // namespace

TEST_CASE("perturbation: each form carries a kind, never seen perturbed, by what its neighbours show") {
  LatentTable all = latents(900, 1, false);
  std::vector<Index> kept;
  for (Index i = 0; i < 900; ++i) {
    if (i % 3 != 1 || i % 2 == 0) kept.push_back(i);
  }
  const LatentTable train = all.select_cells(kept);
  for (const PerturbationForm form : {PerturbationForm::between, PerturbationForm::given, PerturbationForm::moved}) {
    PerturbationOptions o = options(10);
    o.form = form;
    Rng rng(3);
    Perturbation m(o, rng);
    TrainState<float> state;
    fit_flow(state, m, train, quick);
    const RowVector<float> by = moved_by(m, 1);
    INFO("form " << int(form) << " moves by " << by);
    CHECK(std::abs(by(0)) < 0.6f);
    CHECK(std::abs(by(1) - 2) < 0.6f);
  }
}

TEST_CASE("perturbation: a dose between those seen moves by a part") {
  PerturbationOptions o = options(10);
  o.dose = "dose";
  Rng rng(3);
  Perturbation m(o, rng);
  TrainState<float> state;
  fit_flow(state, m, latents(900, 1, true), quick);
  const float low = moved_by(m, 0.5)(1), between = moved_by(m, 0.75)(1), high = moved_by(m, 1)(1);
  INFO("moved by " << low << ", " << between << ", " << high);
  CHECK(std::abs(low - 1) < 0.4f);
  CHECK(std::abs(between - 1.5f) < 0.4f);
  CHECK(std::abs(high - 2) < 0.4f);
}

TEST_CASE("perturbation: without controls, without perturbed cells, and in a group without controls it says so") {
  Rng rng(3);
  Perturbation m(options(10), rng);
  TrainState<float> state;
  LatentTable all = latents(60, 1, false);
  const auto only = [&](auto&& keep) {
    std::vector<Index> rows;
    for (Index i = 0; i < 60; ++i) {
      if (keep(i)) rows.push_back(i);
    }
    return all.select_cells(rows);
  };
  CHECK_THROWS_WITH(fit_flow(state, m, only([](Index i) { return i % 2 == 1; }), quick),
                    Catch::Contains("no cell is 'none' in column 'what'"));
  CHECK_THROWS_WITH(fit_flow(state, m, only([](Index i) { return i % 2 == 0; }), quick),
                    Catch::Contains("nothing to learn from"));
  CHECK_THROWS_WITH(fit_flow(state, m, only([](Index i) { return i % 2 == 1 || i % 3 != 0; }), quick),
                    Catch::Contains("no source cell has 'type_0'"));
}

TEST_CASE("perturbation: predicted cells have the controls' names, library and obs; a saved model predicts the same") {
  Rng rng(4);
  const CellTable cells =
      simulate({.cells = 240, .genes = 60, .types = 2, .type_skew = 0, .perturbations = 2, .combinations = true}, rng);
  PerturbationOptions o = options(60);
  o.condition = "condition";
  o.control = "control";
  o.group = "cell_type";
  o.parts = {"gene_1", "gene_2"};
  o.form = PerturbationForm::given;
  Perturbation m(o, rng);
  m.vae.gene_names = cells.gene_names;
  TrainState<float> state, flow_state;
  fit_from(state, m.vae, cells, {}, {.epochs = 2, .batch = 32});
  fit_flow(flow_state, m, encode(m.vae, cells), {.epochs = 2, .batch = 32});
  std::vector<Index> rows;
  const Categorical what = cells.obs("condition");
  for (Index i = 0; i < cells.cells(); ++i) {
    if (what.levels[std::size_t(what.codes[to_size(i)])] == "control") rows.push_back(i);
  }
  const CellTable control = cells.select_cells(rows);
  Rng one(8), two(8);
  const CellTable a = predict(m, control, "gene_1+gene_2", {.steps = 4}, one);
  a.check();
  CHECK(a.cells() == control.cells());
  CHECK(a.obs("condition").levels == std::vector<std::string>{"gene_1+gene_2"});
  CHECK(a.obs("cell_type") == control.obs("cell_type"));
  CHECK(std::get<std::vector<std::string>>(a.cell_columns.get("control_cell")) == control.cell_names);
  const std::string file = "perturbation_model.safetensors";
  save(file, m);
  const Perturbation back = load_perturbation(file);
  io::SafeTensors older = io::load_safetensors(file);
  std::erase_if(older.tensors, [](const io::SafeTensors::Tensor& t) { return t.name == "model.excess"; });
  io::save_safetensors(file, older);
  CHECK((load_perturbation(file).excess.value.array() == 1).all());  // a file from before there was one
  std::remove(file.c_str());
  const CellTable b = predict(back, control, "gene_1+gene_2", {.steps = 4}, two);
  CHECK(std::ranges::equal(a.counts.values(), b.counts.values()));
  CHECK(std::ranges::equal(a.counts.columns(), b.counts.columns()));
  CHECK_THROWS_WITH(predict(m, control, "gene_9", {.steps = 4}, one), Catch::Contains("names 'gene_9'"));
}

TEST_CASE("draw: with strata the mean over cells is nearly exact and each cell's law stays") {
  Rng rng(2);
  const CellTable cells = simulate({.cells = 128, .genes = 50, .types = 1, .library = 400}, rng);
  Vae<float, NegativeBinomial<float>> vae({.genes = 50, .hidden = {8}, .latent = 2}, rng);
  vae.start(cells.counts);
  LatentTable z;
  z.mean = Matrix<float>::Zero(128, 2);  // all cells alike: their mean is the likelihood's own
  z.library.assign(128, 400);
  for (Index i = 0; i < 128; ++i) z.cell_names.push_back(text("c", i));
  z.cell_columns = Annotation(128);
  const auto gene_means = [&](const CellTable& t) {
    std::vector<double> out(50, 0.0);
    for (std::size_t k = 0; k < t.counts.values().size(); ++k)
      out[std::size_t(t.counts.columns()[k])] += double(t.counts.values()[k]) / 128;
    return out;
  };
  const Matrix<double> truth = detail::expected_counts(vae, z, std::vector<int>(128, 0), 1) / 128.0;
  const auto error = [&](const std::vector<double>& m) {
    double sum = 0;
    for (Index g = 0; g < 50; ++g) sum += (m[to_size(g)] - truth(0, g)) * (m[to_size(g)] - truth(0, g));
    return sum;
  };
  DrawOptions shared;
  shared.strata.assign(128, 3);
  const CellTable a = draw(vae, z, rng, shared), b = draw(vae, z, rng);
  INFO("squared error of the means " << error(gene_means(a)) << " with strata, " << error(gene_means(b)) << " without");
  CHECK(error(gene_means(a)) < 0.1 * error(gene_means(b)));
  // One cell alone, many times over: its counts still vary as the likelihood says.
  double mean = 0, square = 0;
  Index gene = 0;
  truth.row(0).maxCoeff(&gene);
  for (int i = 0; i < 400; ++i) {
    const CellTable c = draw(vae, z.select_cells(std::vector<Index>{0, 1}), rng, {.strata = {0, 0}});
    double x = 0;
    for (std::size_t k = 0; k < c.counts.view().row_columns(0).size(); ++k) {
      if (c.counts.view().row_columns(0)[k] == gene) x = double(c.counts.view().row_values(0)[k]);
    }
    mean += x / 400;
    square += x * x / 400;
  }
  CHECK(mean == Approx(truth(0, gene)).epsilon(0.15));
  CHECK(square - mean * mean > 0.5 * truth(0, gene));

  // Factors multiply; threads do not matter; what does not fit is refused.
  shared.strata.assign(128, 1);
  shared.groups.assign(128, 1);
  shared.factors = Matrix<float>::Constant(2, 50, 2.0f);
  Rng c(9), d(9);
  const int before = threads();
  set_threads(1);
  const CellTable single = draw(vae, z, c, shared);
  set_threads(2);
  const CellTable both = draw(vae, z, d, shared);
  set_threads(before);
  CHECK(std::ranges::equal(single.counts.values(), both.counts.values()));
  double total = 0;
  for (const float v : single.counts.values()) total += double(v) / 128;
  CHECK(total == Approx(2 * truth.sum()).epsilon(0.02));
  // A cell of no group has no factor.
  shared.groups.assign(128, -1);
  const CellTable plain = draw(vae, z, rng, shared);
  total = 0;
  for (const float v : plain.counts.values()) total += double(v) / 128;
  CHECK(total == Approx(truth.sum()).epsilon(0.02));
  shared.groups.assign(128, 2);
  CHECK_THROWS_WITH(draw(vae, z, rng, shared), Catch::Contains("group 2 but factors of 2 groups"));
  shared.groups.clear();
  CHECK_THROWS_WITH(draw(vae, z, rng, shared), Catch::Contains("0 groups"));
}

TEST_CASE(
    "shifted_gene_scales: a group's own level comes back where it was well seen; what rises keeps the prediction") {
  Rng rng(2);
  const CellTable cells = simulate({.cells = 200, .genes = 30, .types = 1, .library = 3000}, rng);
  Vae<float, NegativeBinomial<float>> vae({.genes = 30, .hidden = {8}, .latent = 2}, rng);
  vae.start(cells.counts);
  const LatentTable z = encode(vae, cells);
  const std::vector<int> codes(200, 0);
  const Matrix<double> expected = detail::expected_counts(vae, z, codes, 1);
  const Matrix<float> f = shifted_gene_scales(vae, cells, z, z, codes, 1, 10);
  std::vector<double> seen(30, 0.0);
  for (std::size_t k = 0; k < cells.counts.values().size(); ++k)
    seen[std::size_t(cells.counts.columns()[k])] += double(cells.counts.values()[k]);
  for (Index g = 0; g < 30; ++g)
    CHECK(double(f(0, g)) == Approx((seen[to_size(g)] + 10) / (expected(0, g) + 10)).epsilon(1e-4));
  CHECK_THROWS_WITH(shifted_gene_scales(vae, cells, z, z, codes, 1, 0), Catch::Contains("belief must be positive"));
}

TEST_CASE("match_cells: pairs within a level, nearest as a whole, every source about as often") {
  const LatentTable all = latents(120, 1, false);
  std::vector<Index> c, p;
  for (Index i = 0; i < 120; ++i) {
    if (i % 2 == 1)
      p.push_back(i);
    else if (i % 4 == 0)
      c.push_back(i);
  }
  const LatentTable from = all.select_cells(c), to = all.select_cells(p);
  Rng rng(1);
  const std::vector<Index> pairs = match_cells(from, to, "type", Matrix<float>::Zero(to.cells(), 1), rng);
  const Categorical a = from.cell_columns.labels("type"), b = to.cell_columns.labels("type");
  std::vector<int> used(to_size(from.cells()), 0);
  for (Index i = 0; i < to.cells(); ++i) {
    const Index row = pairs[to_size(i)];
    REQUIRE(row >= 0);
    CHECK(a.levels[std::size_t(a.codes[to_size(row)])] == b.levels[std::size_t(b.codes[to_size(i)])]);
    ++used[to_size(row)];
  }
  CHECK(*std::max_element(used.begin(), used.end()) == 2);
  CHECK(*std::min_element(used.begin(), used.end()) == 2);
}

TEST_CASE("judge: floors of simulated cells have the order that they must have; the truth beats them") {
  Rng rng(7);
  const SimulatedTissue tissue({.genes = 300, .types = 4, .type_skew = 0, .perturbations = 1}, rng);
  const CellTable all = tissue.draw(1600, rng), fresh = tissue.draw(1600, rng);
  const auto rows = [](const CellTable& t, bool wanted) {
    std::vector<Index> out;
    const Categorical type = t.obs("cell_type"), what = t.obs("condition");
    for (Index i = 0; i < t.cells(); ++i) {
      const bool judged = type.levels[std::size_t(type.codes[to_size(i)])] == "type_2" &&
                          what.levels[std::size_t(what.codes[to_size(i)])] != "control";
      if (judged == wanted) out.push_back(i);
    }
    return out;
  };
  const CellTable train = all.select_cells(rows(all, false)), truth = all.select_cells(rows(all, true));
  PerturbationOptions o = options(300);
  o.condition = "condition";
  o.control = "control";
  o.group = "cell_type";
  o.parts = {"gene_1"};
  const PerturbationEvaluator judge(train, truth, o, "type_2", "gene_1", rng);
  const std::vector<PerturbationScore> floors = judge.floors();
  REQUIRE(floors.size() == 5);
  CHECK(floors[0].effect.r == 0);
  CHECK(floors[1].effect.r > 0.5);
  const PerturbationScore best =
      judge.score("fresh cells of the truth", fresh.select_cells(rows(fresh, true)), fresh.gene_names);
  CHECK(best.effect.r > floors[1].effect.r);
  CHECK(best.energy < 0.3 * floors[0].energy);
  CHECK(judge.split_half_ceiling().effect.r > 0.5);
}
