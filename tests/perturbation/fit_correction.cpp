#include <latentcell/perturbation/fit_correction.hpp>
#include <latentcell/perturbation/predict_with_flow.hpp>

#include <cmath>
#include <limits>

#include <latentcell/data/simulate.hpp>

#include "support/perturbation_options.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

// Simulated cells, control and under one perturbation, and a model that nothing has trained: it predicts no change,
// so that every change of a gene is its residual.
struct Untrained {
  CellTable cells;
  Options options;

  Untrained(const SimulateOptions& how, Rng& rng, const std::string& dose = "") : Untrained(simulate(how, rng), dose) {}
  explicit Untrained(CellTable t, const std::string& dose = "")
      : cells(std::move(t)), options(simulated_options(cells.genes())) {
    options.dose = dose;
  }
  Model model(Rng& rng) const {
    Model m(options, one_perturbation("gene_1"), rng);
    m.vae.initialize_from_data(cells.counts);
    m.flow.start(encode(m.vae, cells));
    return m;
  }
};

}  // namespace

TEST_CASE("fit_response_correction: labels as a dose, an infinite pseudo-count and no model are refused") {
  Rng rng(3);
  Options o = small_options(10);
  Model plain(o, one_perturbation(), rng);
  o.dose = "dose";
  Model dosed(o, one_perturbation(), rng), wide(small_options(12), one_perturbation(), rng);
  CellTable cells = simulate({.cells = 20, .genes = 10}, rng);
  cells.cell_columns.set("what", Categorical{{"none", "drug"}, std::vector<int>(20, 1)});
  cells.cell_columns.set("type", Categorical{{"a"}, std::vector<int>(20, 0)});
  cells.cell_columns.set("dose", Categorical{{"low"}, std::vector<int>(20, 0)});
  CHECK_THROWS_WITH(fit_response_correction(dosed, in_sample(dosed, cells), cells, {}, rng),
                    ContainsText("column 'dose' holds labels, not numbers"));
  CHECK_THROWS_WITH(fit_response_correction(plain, in_sample(plain, cells), cells, {.pseudo_count = INFINITY}, rng),
                    ContainsText("must be finite"));
  CHECK_THROWS_WITH(fit_response_correction(plain, {}, cells, {}, rng), ContainsText("at least 1 is needed"));
  CHECK_THROWS_WITH(fit_response_correction(plain, in_sample(wide, cells), cells, {}, rng),
                    ContainsText("has 12 genes, the model 10"));
}

TEST_CASE("fit_response_correction: a response that all groups share and the model misses is recovered") {
  Rng rng(4);
  const Untrained set({.cells = 600, .genes = 40, .types = 3, .library = 2000, .type_skew = 0, .perturbations = 1},
                      rng);
  const CellTable& cells = set.cells;
  Model m = set.model(rng);
  fit_response_correction(m, in_sample(m, cells), cells, {.steps = 2}, rng);
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
  const CellTable with = predict_with_flow(m, control, "gene_1", {.steps = 2}, one);
  m.mean_correction.value.setOnes();
  const CellTable without = predict_with_flow(m, control, "gene_1", {.steps = 2}, two);
  const auto error = [&](const CellTable& t) {
    const std::vector<double> predicted = shares(t.counts);
    double sum = 0;
    for (std::size_t g = 0; g < 40; ++g) sum += (predicted[g] - truth[g]) * (predicted[g] - truth[g]);
    return sum;
  };
  INFO("squared error of log shares " << error(with) << " with, " << error(without) << " without");
  CHECK(error(with) < 0.3 * error(without));
}

TEST_CASE("fit_response_correction: groups may be strings or labels") {
  Rng rng(4);
  const Untrained set({.cells = 300, .genes = 20, .types = 3, .library = 2000, .type_skew = 0, .perturbations = 1},
                      rng);
  const Model start = set.model(rng);
  const auto learned = [&](const CellTable& cells) {
    Model m = start;
    // One held-out group, the last of the levels.
    const CrossFitModel one_group{&start, {cells.obs("cell_type").levels.back()}};
    Rng own(5);
    fit_response_correction(m, {one_group}, cells, {.steps = 2}, own);
    return Matrix<float>(m.mean_correction.value);
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

TEST_CASE(
    "fit_response_correction: a condition of one group, which no cross-fit model saw, chooses nothing and keeps its "
    "own change") {
  Rng rng(4);
  Untrained set({.cells = 300, .genes = 40, .types = 3, .library = 2000, .type_skew = 0, .perturbations = 1}, rng);
  const Categorical types = set.cells.obs("cell_type");
  Categorical condition = set.cells.obs("condition");
  const Model start = set.model(rng);
  std::vector<CrossFitModel> folds;
  for (const std::string& level : types.levels) folds.push_back({&start, {level}});
  const auto corrected = [&] {
    Model m = start;
    Rng own(5);
    fit_response_correction(m, folds, set.cells, {.steps = 2}, own);
    return m;
  };
  CHECK(std::isfinite(corrected().mixture_choice().error));
  for (std::size_t i = 0; i < condition.codes.size(); ++i) {
    if (types.codes[i] != 1) condition.codes[i] = condition.code_of("control");
  }
  set.cells.cell_columns.set("condition", condition);
  const Model alone = corrected();
  CHECK(std::isnan(alone.mixture_choice().error));
  CHECK((alone.mean_correction.value.array() - 1).abs().maxCoeff() > 0.1f);
}

TEST_CASE("fit_response_correction: with a dose the correction grows with it, between and beyond the trained ones") {
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
  Model m = set.model(rng);
  fit_response_correction(m, in_sample(m, cells), cells, {.steps = 2}, rng);
  const Matrix<double> half = mean_correction(m, "gene_1", 0.5), whole = mean_correction(m, "gene_1", 1);
  CHECK((half.array().square() - whole.array()).abs().maxCoeff() < 1e-5);
  CHECK((mean_correction(m, "gene_1", std::nan("")).array() == 1).all());
  CHECK((mean_correction(m, "gene_2", 1).array() == 1).all());
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
    const Matrix<double> predicted = mean_correction(m, "gene_1", dose);
    double residual = 0, all = 0;
    for (std::size_t g = 0; g < 40; ++g) {
      const double truth = std::log(after[g] / before[g]);
      residual += std::pow(truth - std::log(predicted(0, Index(g))), 2);
      all += truth * truth;
    }
    INFO("dose " << dose << ": " << residual << " of " << all);
    CHECK(residual < 0.3 * all);
  }
}

TEST_CASE(
    "fit_response_correction: cross-fit models are compared in the groups they name, and the model itself is not") {
  Rng rng(8);
  const Untrained set({.cells = 900, .genes = 30, .types = 3, .library = 3000, .type_skew = 0, .perturbations = 1},
                      rng);
  const CellTable& cells = set.cells;
  Model m = set.model(rng);
  // Another model that expects four times as much of gene 3, and whose cells vary far more than the true ones.
  Model other = m;
  other.vae.heads[0].bias.value(0, 3) += std::log(4.0f);
  other.vae.heads[1].bias.value.setConstant(std::log(0.5f));
  const std::vector<std::string> types = cells.obs("cell_type").levels;
  const PredictOptions alone{.steps = 2, .pseudo_count = 1e9};  // control cells correct nothing
  fit_response_correction(m, in_sample(m, cells), cells, alone, rng);
  const Matrix<float> before = m.mean_correction.value;
  const std::vector<CrossFitModel> all{{&other, types}};
  fit_response_correction(m, all, cells, alone, rng);
  CHECK(m.mean_correction.value(0, 3) < 0.55f * before(0, 3));
  CHECK(m.overdispersion_scale.value.maxCoeff() <= 1);
  CHECK(m.overdispersion_scale.value.mean() < 0.8f);
  // Its predictions, not the model's, are compared with the observed cells.
  Model here = m;
  for (Index i = 0; i < here.vae.heads[0].weight.value.size(); ++i)
    here.vae.heads[0].weight.value.data()[i] = 0.1f * float(rng.normal());
  Model elsewhere = here;
  elsewhere.vae.to_mean.bias.value.setConstant(3);
  const auto logs = [&](const Model& of) {
    const std::vector<CrossFitModel> asked{{&of, types}};
    fit_response_correction(here, asked, cells, alone, rng);
    return Matrix<float>(here.mean_correction.value.array().log());
  };
  const Matrix<float> once = logs(here);
  CHECK((logs(here) - once).cwiseAbs().maxCoeff() < 0.05f);  // other posterior samples
  CHECK((logs(elsewhere) - once).cwiseAbs().maxCoeff() > 0.2f);
  // Where no cross-fit model names a group, what the cells show beyond the model itself is kept.
  const std::vector<CrossFitModel> none{{&other, {}}};
  fit_response_correction(m, none, cells, alone, rng);
  CHECK((m.mean_correction.value.array().log() - before.array().log()).abs().maxCoeff() < 0.1f);
  const std::vector<CrossFitModel> unknown{{&other, {"type_9"}}};
  CHECK_THROWS_WITH(fit_response_correction(m, unknown, cells, alone, rng), ContainsText("type_9"));
}

TEST_CASE(
    "fit_response_correction: similar groups weigh more where that predicts left-out groups better, in any threads") {
  // Types share a lineage two and two; each lineage is given a response of its own.
  Rng rng(6);
  CellTable cells =
      simulate({.cells = 1200, .genes = 40, .types = 4, .library = 3000, .type_skew = 0, .gene_spread = 0.5}, rng);
  const Categorical type = cells.obs("cell_type");
  std::vector<int> perturbed(1200);
  Counts changed(40);
  for (Index i = 0; i < cells.cells(); ++i) {
    perturbed[to_size(i)] = int(rng.below(2));
    const Index raised = type.codes[to_size(i)] < 2 ? 0 : 20;
    for (std::size_t k = 0; k < cells.counts.view().row_columns(i).size(); ++k) {
      const Index g = cells.counts.view().row_columns(i)[k];
      const bool up = perturbed[to_size(i)] == 1 && g >= raised && g < raised + 10;
      changed.push(std::int32_t(g), cells.counts.view().row_values(i)[k] * (up ? 3.0f : 1.0f));
    }
    changed.end_row();
  }
  cells.counts = changed;
  cells.cell_columns.set("condition", Categorical{{"control", "gene_1"}, perturbed});
  const Untrained set(cells);
  Model m = set.model(rng);
  const Model other = m;
  const auto fitted = [&](int n) {
    const int before = threads();
    set_threads(n);
    Rng own(5);
    fit_response_correction(m, {{&other, type.levels}}, cells, {.steps = 2}, own);
    const CellTable control = cells.select_cells(rows_of(cells, "control"));
    const CellTable predicted = predict_with_flow(m, control, "gene_1", {.steps = 2}, own);
    set_threads(before);
    return predicted;
  };
  const CellTable one = fitted(1), two = fitted(2);
  CHECK(std::ranges::equal(one.counts.values(), two.counts.values()));
  CHECK(m.mixture_choice().mixture.similarity > 0);
  CHECK(m.group_profile.value.rows() == 4);
  CHECK(m.mixture_choice().error < 0.5 * m.mixture_choice().common);
  const std::vector<double> of_first = gene_totals_of(one.select_cells(rows_of(one, "type_1", "cell_type"))),
                            before = gene_totals_of(cells.select_cells([&] {
                              std::vector<Index> rows;
                              for (Index i = 0; i < cells.cells(); ++i)
                                if (type.codes[to_size(i)] == 0 && perturbed[to_size(i)] == 0) rows.push_back(i);
                              return rows;
                            }()));
  double own_change = 0, others_change = 0;
  for (std::size_t g = 0; g < 10; ++g) own_change += std::log((of_first[g] + 1) / (before[g] + 1)) / 10;
  for (std::size_t g = 20; g < 30; ++g) others_change += std::log((of_first[g] + 1) / (before[g] + 1)) / 10;
  INFO("log change of the lineage's genes " << own_change << ", of the other's " << others_change);
  CHECK(own_change - others_change > 0.7);
}

TEST_CASE("fit_response_correction: with shuffled conditions there is next to nothing to correct") {
  Rng rng(4);
  const Untrained set({.cells = 600, .genes = 40, .types = 3, .library = 2000, .type_skew = 0, .perturbations = 1},
                      rng);
  CellTable shuffled = set.cells;
  Categorical condition = shuffled.obs("condition");
  shuffle(std::span<int>(condition.codes), rng);
  shuffled.cell_columns.set("condition", condition);
  const auto size = [&](const CellTable& cells) {
    Model m = set.model(rng);
    fit_response_correction(m, in_sample(m, cells), cells, {.steps = 2}, rng);
    return m.mean_correction.value.array().log().square().mean();
  };
  const float planted = size(set.cells), chance = size(shuffled);
  INFO("mean squared log correction " << planted << ", shuffled " << chance);
  CHECK(chance < 0.1f * planted);
}
