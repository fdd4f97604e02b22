#include <latentcell/perturbation/latent_prediction.hpp>

#include <limits>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

CellTable cells() {
  Rng rng(4);
  return simulate({.cells = 120, .genes = 30, .types = 2, .library = 2000, .type_skew = 0, .perturbations = 1}, rng);
}

Model model_of(const CellTable& cells, PerturbationForm form = PerturbationForm::ot_flow) {
  Options o = simulated_options(cells.genes());
  o.form = form;
  Rng rng(3);
  Model m(o, one_perturbation("gene_1"), rng);
  m.vae.initialize_from_data(cells.counts);
  m.flow.start(encode(m.vae, cells));
  return m;
}

}  // namespace

TEST_CASE("LatentPrediction: cells keep names, library sizes and groups; the condition is replaced") {
  const CellTable all = cells();
  for (const PerturbationForm form :
       {PerturbationForm::ot_flow, PerturbationForm::conditional_flow, PerturbationForm::displacement_flow}) {
    const Model m = model_of(all, form);
    Rng one(7), two(7), other(8);
    const LatentPrediction p(m, all, "gene_1", {.steps = 2}, one), again(m, all, "gene_1", {.steps = 2}, two),
        differs(m, all, "gene_1", {.steps = 2}, other);
    CHECK(p.after.cell_names == all.cell_names);
    CHECK(p.after.library == p.before.library);
    CHECK(p.groups == all.obs("cell_type"));
    CHECK(p.obs.labels("condition").levels == std::vector<std::string>{"gene_1"});
    CHECK(p.after.mean == again.after.mean);
    CHECK(p.after.mean != differs.after.mean);
  }
}

TEST_CASE("LatentPrediction: a model with a dose asks for one, a model without does not") {
  CellTable all = cells();
  all.cell_columns.set("dose", std::vector<double>(to_size(all.cells()), 0.0));
  Options o = simulated_options(all.genes());
  o.dose = "dose";
  Rng rng(3);
  const Model dosed(o, one_perturbation("gene_1"), rng);
  CHECK_THROWS_WITH(LatentPrediction(dosed, all, "gene_1", {.steps = 2}, rng),
                    ContainsText("dose column 'dose', so PredictOptions::dose must be finite, got nan"));
  CHECK(LatentPrediction(dosed, all, "gene_1", {.steps = 2, .dose = 1}, rng).after.cells() == all.cells());
}

TEST_CASE("LatentPrediction: the start is one posterior sample per cell, not the mean") {
  const CellTable all = cells();
  const Model m = model_of(all);
  const LatentTable z = encode(m.vae, all);
  Rng rng(7);
  const LatentPrediction p(m, all, "gene_1", {.steps = 2}, rng);
  CHECK(p.before.deviation.size() == 0);
  const double scaled = double(((p.before.mean - z.mean).array() / z.deviation.array()).square().mean());
  CHECK(scaled == Approx(1).margin(0.3));
}

TEST_CASE("LatentPrediction: control cells scale the decoded means, without effect at an infinite pseudo-count") {
  const CellTable all = cells();
  const Model m = model_of(all);
  const auto scale = [&](double pseudo_count) {
    Rng rng(7);
    return LatentPrediction(m, all, "gene_1", {.steps = 2, .pseudo_count = pseudo_count}, rng).gene_scale;
  };
  CHECK(scale(std::numeric_limits<double>::infinity()) == Matrix<float>::Ones(2, 30));
  const float near = (scale(1).array().log()).abs().mean(), far = (scale(1e4).array().log()).abs().mean();
  CHECK(near > 2 * far);
  CHECK(far > 0);
}
