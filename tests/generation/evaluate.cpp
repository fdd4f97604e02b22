#include <latentcell/generation/evaluate.hpp>

#include <cmath>
#include <numeric>

#include <latentcell/generation/holdout.hpp>
#include <latentcell/generation/predict.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Other real cells in place of generated ones, which any model would like to equal.
struct Task {
  CellTable held, fresh, prior;
};
const Task& task() {
  static const Task one = [] {
    const auto& m = generator::shared().model;
    // The tissue of the training cells, which are its first 400.
    Rng rng(1);
    const CellTable all = generator::cells(1200, rng);
    std::vector<Index> others(800);
    std::iota(others.begin(), others.end(), Index(400));
    const CellTable more = all.select_cells(others);
    generation::HeldOutCells parts = generation::hold_out(more, "cell_type", 0.5, rng);
    CellTable prior = generation::sample_prior(m, generation::composition_of(m, parts.train), rng);
    return Task{std::move(parts.train), std::move(parts.test), std::move(prior)};
  }();
  return one;
}

generation::Evaluation evaluated(const CellTable& generated) {
  const auto& [cells, m] = generator::shared();
  return generation::evaluate(m, {cells, task().held, generated, &task().prior}, {.trees = 30});
}

}  // namespace

TEST_CASE("generation::evaluate: real cells beat every baseline and come near the ceiling; permuted labels show") {
  const generation::Evaluation e = evaluated(task().fresh);
  const auto& rows = e.scores.rows();
  REQUIRE(rows.size() == 5);
  CHECK(rows.front().role == evaluate::Role::ceiling);
  CHECK(rows.back().role == evaluate::Role::model);
  for (const char* metric : {"w2", "mmd", "energy", "correlation"}) {
    INFO(metric << "\n" << e.scores.to_text());
    CHECK(e.scores.best(metric) == 4);
  }
  CHECK(e.scores.value("generated cells", "w2") == Approx(e.scores.value("held-out real cells", "w2")).epsilon(0.15));
  CHECK(std::isfinite(e.held_out_likelihood.mean_log_prob));
  CHECK(e.held_out_reconstruction_correlation > 0.5);

  CellTable permuted = task().fresh;
  Categorical type = permuted.obs("cell_type");
  Rng rng(3);
  shuffle(std::span<int>(type.codes), rng);
  permuted.cell_columns.set("cell_type", type);
  CHECK(evaluated(permuted).scores.value("generated cells", "label_accuracy") <
        e.scores.value("generated cells", "label_accuracy") - 0.2);
}

TEST_CASE("generation::evaluate: held-out likelihood is that of the cells' own levels of the batch covariate") {
  const auto& [cells, m] = generator::shared();
  CellTable other = task().held;
  Categorical batch_covariate = other.obs("batch");
  for (int& code : batch_covariate.codes) code = 1 - code;
  other.cell_columns.set("batch", batch_covariate);
  const auto likelihood = [&, &cells = cells, &m = m](const CellTable& held) {
    return generation::evaluate(m, {cells, held, task().fresh, &task().prior}, {.trees = 5})
        .held_out_likelihood.mean_log_prob;
  };
  CHECK(likelihood(task().held) > likelihood(other));
}

TEST_CASE("evaluate_gene_sets: real cells agree with held-out ones; the prior agrees less") {
  const auto& [cells, m] = generator::shared();
  const auto sets = generation::marker_evaluator(cells, task().held, "cell_type");
  REQUIRE(sets);
  const generation::GeneSetEvaluation e =
      generation::evaluate_gene_sets(*sets, {cells, task().held, task().fresh, &task().prior});
  const evaluate::ScoreTable& s = e.scores;
  double mean = 0;
  for (const double ks : e.ks.rows().back().values) mean += ks / double(e.ks.metrics().size());
  CHECK(s.value("generated cells", "mean KS") == Approx(mean));
  CHECK(s.value("held-out real cells", "mean KS") < 0.2);
  CHECK(s.value("generated cells", "mean KS") < 0.2);
  CHECK(s.value("generated cells", "r of label means") > 0.95);
  INFO(s.to_text());
  CHECK(s.best("r of label means") == 2);
  // No label has three markers among few genes.
  const std::vector<Index> few = {0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(!generation::marker_evaluator(cells.select_genes(few), task().held, "cell_type"));
}
