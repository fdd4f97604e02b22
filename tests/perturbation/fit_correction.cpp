#include <latentcell/perturbation/fit_correction.hpp>

#include <cmath>
#include <limits>

#include <latentcell/data/simulate.hpp>

#include "support/perturbation_options.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Simulated cells, control and under one perturbation, and a model that nothing has trained: it predicts the same for
// all cells, and every gene's change is its error.
struct Untrained {
  CellTable cells;
  PerturbationOptions options;

  Untrained(const SimulateOptions& how, Rng& rng, const std::string& dose = "") : Untrained(simulate(how, rng), dose) {}
  explicit Untrained(CellTable t, const std::string& dose = "")
      : cells(std::move(t)), options(latentcell::options(cells.genes())) {
    options.condition = "condition";
    options.control = "control";
    options.group = "cell_type";
    options.dose = dose;
    options.parts = options.seen = {"gene_1"};
  }
  Perturbation model(Rng& rng) const {
    Perturbation m(options, rng);
    m.vae.start(cells.counts);
    m.flow.start(encode(m.vae, cells));
    return m;
  }
};

}  // namespace

TEST_CASE("fit_response_correction: labels as a dose and a belief without end are refused") {
  Rng rng(3);
  PerturbationOptions o = options(10);
  Perturbation plain(o, rng);
  o.dose = "dose";
  Perturbation dosed(o, rng);
  CellTable cells = simulate({.cells = 20, .genes = 10}, rng);
  cells.cell_columns.set("what", Categorical{{"none", "drug"}, std::vector<int>(20, 1)});
  cells.cell_columns.set("type", Categorical{{"a"}, std::vector<int>(20, 0)});
  cells.cell_columns.set("dose", Categorical{{"low"}, std::vector<int>(20, 0)});
  CHECK_THROWS_WITH(fit_response_correction(dosed, cells, {}, rng),
                    Catch::Contains("column 'dose' holds labels, not numbers"));
  CHECK_THROWS_WITH(fit_response_correction(plain, cells, {.residual = INFINITY}, rng),
                    Catch::Contains("must be finite"));
}

TEST_CASE("fit_response_correction: what every group has in common and the model misses is carried over") {
  Rng rng(4);
  const Untrained set({.cells = 600, .genes = 40, .types = 3, .library = 2000, .type_skew = 0, .perturbations = 1},
                      rng);
  const CellTable& cells = set.cells;
  Perturbation m = set.model(rng);
  fit_response_correction(m, cells, {.steps = 2}, rng);
  const Categorical what = cells.obs("condition");
  std::vector<Index> rows[2];
  for (Index i = 0; i < cells.cells(); ++i)
    rows[what.levels[std::size_t(what.codes[to_size(i)])] == "control" ? 0 : 1].push_back(i);
  const auto shares = [&](const Counts& c) {
    std::vector<double> out(40, 0.0);
    double total = 0;
    for (std::size_t k = 0; k < c.values().size(); ++k)
      out[std::size_t(c.columns()[k])] += double(c.values()[k]), total += double(c.values()[k]);
    for (double& v : out) v = std::log(v / total + 1e-3);
    return out;
  };
  const std::vector<double> truth = shares(select_rows(cells.counts, rows[1]));
  Rng one(5), two(5);
  const CellTable control = cells.select_cells(rows[0]);
  const CellTable with = predict(m, control, "gene_1", {.steps = 2}, one);
  m.response.value.setOnes();
  const CellTable without = predict(m, control, "gene_1", {.steps = 2}, two);
  const auto error = [&](const CellTable& t) {
    const std::vector<double> told = shares(t.counts);
    double sum = 0;
    for (std::size_t g = 0; g < 40; ++g) sum += (told[g] - truth[g]) * (told[g] - truth[g]);
    return sum;
  };
  INFO("squared error of log shares " << error(with) << " with, " << error(without) << " without");
  CHECK(error(with) < 0.3 * error(without));
}

TEST_CASE("fit_response_correction: groups as words are the groups as labels") {
  Rng rng(4);
  const Untrained set({.cells = 300, .genes = 20, .types = 3, .library = 2000, .type_skew = 0, .perturbations = 1},
                      rng);
  const Perturbation start = set.model(rng);
  const auto learned = [&](const CellTable& cells) {
    Perturbation m = start;
    // Blind to one group alone, the last of those that the cells name.
    const CrossFitModel blind{&start, {cells.obs("cell_type").levels.back()}};
    Rng own(5);
    fit_response_correction(m, {&blind, 1}, cells, {.steps = 2}, own);
    return Matrix<float>(m.response.value);
  };
  const Categorical types = set.cells.obs("cell_type");
  std::vector<std::string> words;
  for (const int code : types.codes) words.push_back(types.levels[std::size_t(code)]);
  CellTable spelled = set.cells, coded = set.cells;
  spelled.cell_columns.set("cell_type", words);
  coded.cell_columns.set("cell_type", to_categorical(words));
  const Matrix<float> from_words = learned(spelled);
  CHECK(from_words == learned(coded));
  CHECK((from_words.array() - 1).abs().maxCoeff() > 0.01f);
}

TEST_CASE("fit_response_correction: cells are cut into ranges of dose, none of them in two") {
  const std::vector<double> dose{2, 0, 1, 1, std::numeric_limits<double>::quiet_NaN(), 2, 1, 3};
  const auto ranges = detail::by_dose({0, 1, 2, 3, 4, 5, 6, 7}, &dose);
  REQUIRE(ranges.size() == 3);  // what is not positive is left out
  CHECK(ranges[0].cells == std::vector<Index>{2, 3, 6});
  CHECK(ranges[0].dose == 1);
  CHECK(ranges[1].cells == std::vector<Index>{0, 5});
  CHECK(ranges[2].dose == 3);
  std::vector<double> many(1000);
  std::vector<Index> all(1000);
  for (Index i = 0; i < 1000; ++i) many[to_size(i)] = double(1 + i), all[to_size(i)] = i;
  CHECK(detail::by_dose(all, &many).size() == 8);
}

TEST_CASE(
    "fit_response_correction: with a dose the change that is missed grows with it, between and beyond those seen") {
  Rng rng(4);
  const SimulateOptions how{.cells = 1500,
                            .genes = 40,
                            .types = 3,
                            .library = 2000,
                            .type_skew = 0,
                            .perturbations = 1,
                            .doses = true,
                            .response_spread = 0};
  const SimulatedTissue tissue(how, rng);
  const Untrained set(tissue.draw(1500, rng), "dose");
  const CellTable& cells = set.cells;
  Perturbation m = set.model(rng);
  fit_response_correction(m, cells, {.steps = 2}, rng);
  const Matrix<double> half = response_at(m, "gene_1", 0.5), whole = response_at(m, "gene_1", 1);
  CHECK((half.array().square() - whole.array()).abs().maxCoeff() < 1e-5);
  CHECK((response_at(m, "gene_1", std::nan("")).array() == 1).all());
  CHECK((response_at(m, "gene_2", 1).array() == 1).all());
  // The log change from control to a dose, of all cells together.
  const auto shares = [&](double dose) {
    const CellTable drawn = tissue.draw_under(dose == 0 ? "control" : "gene_1", dose, 3000, rng);
    std::vector<double> sum(40, 1.0);
    for (std::size_t k = 0; k < drawn.counts.values().size(); ++k)
      sum[std::size_t(drawn.counts.columns()[k])] += double(drawn.counts.values()[k]);
    return sum;
  };
  const std::vector<double> before = shares(0);
  for (const double dose : {0.5, 1.0, 1.5}) {
    const std::vector<double> after = shares(dose);
    const Matrix<double> told = response_at(m, "gene_1", dose);
    double missed = 0, all = 0;
    for (std::size_t g = 0; g < 40; ++g) {
      const double truth = std::log(after[g] / before[g]);
      missed += std::pow(truth - std::log(told(0, Index(g))), 2);
      all += truth * truth;
    }
    INFO("dose " << dose << ": " << missed << " of " << all);
    CHECK(missed < 0.3 * all);
  }
}

TEST_CASE(
    "fit_response_correction: what groups have in common is their mean, drawn towards none, and a large group is one "
    "group") {
  detail::RandomEffect effect(2, 0.3, 0.3);
  CHECK(effect.mean(0) == 0);
  effect.add(0, 1.0, 0.0);
  CHECK(effect.mean(0) == Approx(0.5));
  effect.add(0, 0.0, 0.0);
  CHECK(effect.mean(0) == Approx(1.0 / 3));
  effect.add(0, 1.0, 1e9);  // a measurement without weight
  CHECK(effect.mean(0) == Approx(1.0 / 3));
  // Two doses of one effect: the slope through both.
  detail::RandomEffect line(1, 0.0, 1e6);
  line.add(0, 0.2, 0.01, 0.5);
  line.add(0, 0.4, 0.01, 1.0);
  CHECK(line.mean(0) == Approx(0.4));
}

TEST_CASE("fit_response_correction: blind models are asked about the groups they name, and the model itself is not") {
  Rng rng(8);
  const Untrained set({.cells = 900, .genes = 30, .types = 3, .library = 3000, .type_skew = 0, .perturbations = 1},
                      rng);
  const CellTable& cells = set.cells;
  Perturbation m = set.model(rng);
  // Another model that expects four times as much of gene 3, and whose cells vary far more than the true ones.
  Perturbation other = m;
  other.vae.heads[0].bias.value(0, 3) += std::log(4.0f);
  other.vae.heads[1].bias.value.setConstant(std::log(0.5f));
  const std::vector<std::string> types = cells.obs("cell_type").levels;
  const PredictOptions alone{.steps = 2, .residual = 1e9};  // the controls' own levels mend nothing
  fit_response_correction(m, cells, alone, rng);
  const Matrix<float> before = m.response.value;
  const std::vector<CrossFitModel> all{{&other, types}};
  fit_response_correction(m, all, cells, alone, rng);
  CHECK(m.response.value(0, 3) < 0.55f * before(0, 3));
  CHECK(m.excess.value.maxCoeff() <= 1);
  CHECK(m.excess.value.mean() < 0.8f);
  // And its predictions, not the model's, are what its groups' answers are held against.
  Perturbation here = m;
  for (Index i = 0; i < here.vae.heads[0].weight.value.size(); ++i)
    here.vae.heads[0].weight.value.data()[i] = 0.1f * float(rng.normal());
  Perturbation elsewhere = here;
  elsewhere.vae.to_mean.bias.value.setConstant(3);
  const auto logs = [&](const Perturbation& of) {
    const std::vector<CrossFitModel> asked{{&of, types}};
    fit_response_correction(here, asked, cells, alone, rng);
    return Matrix<float>(here.response.value.array().log());
  };
  const Matrix<float> once = logs(here);
  CHECK((logs(here) - once).cwiseAbs().maxCoeff() < 0.05f);  // drawn anew
  CHECK((logs(elsewhere) - once).cwiseAbs().maxCoeff() > 0.2f);
  // Groups that no blind model names say nothing.
  const std::vector<CrossFitModel> none{{&other, {}}};
  fit_response_correction(m, none, cells, alone, rng);
  CHECK((m.response.value.array() == 1).all());
  CHECK((m.excess.value.array() == 1).all());
  const std::vector<CrossFitModel> unknown{{&other, {"type_9"}}};
  CHECK_THROWS_WITH(fit_response_correction(m, unknown, cells, alone, rng), Catch::Contains("type_9"));
}

TEST_CASE("fit_response_correction: blind models are trained without the answers of their groups, each group's once") {
  Rng rng(9);
  const Untrained set({.cells = 400, .genes = 20, .types = 4, .type_skew = 0, .perturbations = 1}, rng);
  const CellTable& cells = set.cells;
  Perturbation m = set.model(rng);
  std::vector<std::string> hidden;
  const auto train = [&](const CellTable& seen, const std::vector<std::string>& groups) {
    CHECK(seen.cells() == without_treated(cells, set.options, groups).cells());
    hidden.insert(hidden.end(), groups.begin(), groups.end());
    return std::optional(m);
  };
  CHECK(fit_response_correction(m, cells, 2, {.steps = 2}, rng, train));
  std::sort(hidden.begin(), hidden.end());
  CHECK(hidden == std::vector<std::string>{"type_1", "type_2", "type_3", "type_4"});
  CHECK((m.response.value.array() != 1).any());
  m.response.value.setOnes();
  const auto stopped = [](const CellTable&, const std::vector<std::string>&) { return std::optional<Perturbation>(); };
  CHECK_FALSE(fit_response_correction(m, cells, 2, {.steps = 2}, rng, stopped));
  CHECK((m.response.value.array() == 1).all());
}
