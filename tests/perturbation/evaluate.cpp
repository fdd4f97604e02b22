#include <latentcell/perturbation/evaluate.hpp>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

// Four types of one tissue; type_2's perturbed cells are held out.
struct Task {
  CellTable train, truth, replicate, swapped;  // swapped: another type's perturbed cells
  Model model;

  explicit Task(Rng& rng) : Task(SimulatedTissue(how(), rng), rng) {}

 private:
  static SimulateOptions how() { return {.genes = 120, .types = 4, .type_skew = 0, .perturbations = 1}; }
  static Model model_of(const CellTable& train, Rng& rng) {
    Model m(simulated_options(train.genes()), one_perturbation("gene_1"), rng);
    m.vae.initialize_from_data(train.counts);
    return m;
  }
  static CellTable of(const CellTable& all, const std::string& type) {
    std::vector<Index> rows;
    for (const Index i : rows_of(all, "gene_1")) {
      const Categorical types = all.obs("cell_type");
      if (types.levels[std::size_t(types.codes[to_size(i)])] == type) rows.push_back(i);
    }
    return all.select_cells(rows);
  }
  static CellTable without(const CellTable& all, const std::string& type) {
    std::vector<Index> rows;
    const Categorical types = all.obs("cell_type"), what = all.obs("condition");
    for (std::size_t i = 0; i < types.codes.size(); ++i) {
      if (types.levels[std::size_t(types.codes[i])] != type || what.levels[std::size_t(what.codes[i])] == "control")
        rows.push_back(Index(i));
    }
    return all.select_cells(rows);
  }
  Task(const SimulatedTissue& tissue, Rng& rng) : Task(tissue.draw(1200, rng), tissue.draw(1200, rng), rng) {}
  Task(const CellTable& one, const CellTable& two, Rng& rng)
      : train(without(one, "type_2")),
        truth(of(one, "type_2")),
        replicate(of(two, "type_2")),
        swapped(of(two, "type_3")),
        model(model_of(train, rng)) {}
};

}  // namespace

TEST_CASE("perturbation::evaluate: new cells of the truth beat every baseline, cells of another type do not") {
  Rng rng(7);
  const Task t(rng);
  Rng one(8), two(8);
  const evaluate::ScoreTable good = perturbation::evaluate(t.model, t.train, {t.truth, "type_2", "gene_1"}, t.replicate,
                                                           one),
                             bad = perturbation::evaluate(t.model, t.train, {t.truth, "type_2", "gene_1"}, t.swapped,
                                                          two);
  for (const char* metric : {"r", "r2_mean_top20", "r2_variance_top50", "sign", "energy", "mmd"}) {
    INFO(metric << "\n" << good.to_text());
    CHECK(good.rows()[to_size(good.best(metric))].method == "latentcell");
  }
  for (const char* metric : {"r", "energy", "mmd"}) {
    INFO(metric << "\n" << bad.to_text());
    CHECK(bad.rows()[to_size(bad.best(metric))].method != "latentcell");
  }
}

TEST_CASE("perturbation::evaluate: control cells have no change, and the shift of other groups most of it") {
  Rng rng(7);
  const Task t(rng);
  const Evaluator evaluator(t.train, {t.truth, "type_2", "gene_1"}, t.model.options, rng);
  evaluate::ScoreTable table(metrics());
  evaluator.add_baselines(table);
  REQUIRE(table.rows().size() == 5);
  CHECK(table.value("control cells", "r") == 0);
  CHECK(table.value("control cells", "sign") == 0);
  for (const char* method : {"mean shift of other groups", "pooled shift", "shift in 30 components"}) {
    INFO(table.to_text());
    CHECK(table.value(method, "r") > 0.5);
    CHECK(table.value(method, "energy") < 0.5 * table.value("control cells", "energy"));
  }
  table.add("split half", evaluate::Role::ceiling, evaluator.split_half_ceiling());
  CHECK(table.value("split half", "r") > 0.5);
  CHECK(table.value("split half", "energy") < 0.2 * table.value("control cells", "energy"));
  CHECK(table.value("split half", "spread") == Approx(1).margin(0.2));
}

TEST_CASE("perturbation::evaluate: every prediction is compared by the same kernel") {
  Rng rng(7);
  const Task t(rng);
  const Evaluator evaluator(t.train, {t.truth, "type_2", "gene_1"}, t.model.options, rng);
  const auto mmd_of_copies = [&](int copies) {
    std::vector<Index> rows;
    for (int copy = 0; copy < copies; ++copy) {
      for (Index i = 0; i < 40; ++i) rows.push_back(i);
    }
    return evaluator.score(t.swapped.select_cells(rows)).back();
  };
  // With one kernel, copies of n points change the mean over their pairs alone, and by a known amount: pairs of copies
  // have kernel 1, so that the sum over all pairs is copies^2 sum + n copies (copies - 1) / 2.
  const double n = 40, sum_of_one = n * (n - 1) / 2;
  const auto slope = [&](double c) { return c * c / (c * n * (c * n - 1) / 2) - 1 / sum_of_one; };
  const auto constant = [&](double c) { return n * c * (c - 1) / 2 / (c * n * (c * n - 1) / 2); };
  const double one = mmd_of_copies(1), sum = (mmd_of_copies(2) - one - constant(2)) / slope(2);
  CHECK(mmd_of_copies(20) - one == Approx(slope(20) * sum + constant(20)).margin(1e-3));
}

TEST_CASE("perturbation::evaluate: with permuted conditions the shift of other groups scores chance") {
  Rng rng(7);
  Task t(rng);
  Categorical what = t.train.obs("condition");
  shuffle(std::span<int>(what.codes), rng);
  t.train.cell_columns.set("condition", what);
  const CellTable truth = t.train.select_cells(rows_of(t.train, "gene_1"));
  const Evaluator evaluator(t.train, {truth, "type_2", "gene_1"}, t.model.options, rng);
  evaluate::ScoreTable table(metrics());
  evaluator.add_baselines(table);
  INFO(table.to_text());
  CHECK(std::abs(table.value("mean shift of other groups", "r2_mean_top20") -
                 table.value("control cells", "r2_mean_top20")) < 0.2);
}

TEST_CASE("perturbation::evaluate: too few cells are refused with their numbers") {
  Rng rng(7);
  const Task t(rng);
  const CellTable few = t.truth.select_cells(std::vector<Index>{0, 1, 2});
  CHECK_THROWS_WITH(Evaluator(t.train, {few, "type_2", "gene_1"}, t.model.options, rng),
                    ContainsText("3 held-out cells under 'gene_1'; at least 2 and 4 are needed"));
  CHECK_THROWS_WITH(Evaluator(t.train, {t.truth, "type_9", "gene_1"}, t.model.options, rng),
                    ContainsText("no level 'type_9'"));
}
