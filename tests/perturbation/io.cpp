#include <latentcell/perturbation/io.hpp>

#include <cmath>
#include <cstdio>

#include <latentcell/data/simulate.hpp>
#include <latentcell/perturbation/predict.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

Model saved_and_loaded(const Model& m) {
  const std::string path = "latentcell_perturbation_io.safetensors";
  save(path, m);
  Model back = load(path);
  std::remove(path.c_str());
  return back;
}

}  // namespace

TEST_CASE("perturbation io: a loaded model predicts the same bits, in every form") {
  Rng rng(4);
  const CellTable cells =
      simulate({.cells = 60, .genes = 30, .types = 2, .type_skew = 0, .perturbations = 2, .combinations = true}, rng);
  for (const PerturbationForm form :
       {PerturbationForm::ot_flow, PerturbationForm::conditional_flow, PerturbationForm::displacement_flow}) {
    Options o = simulated_options(30);
    o.form = form;
    Model m(o, {{"gene_1", "gene_2"}, {"gene_1", "gene_1+gene_2"}}, rng);
    m.vae.initialize_from_data(cells.counts);
    m.flow.start(encode(m.vae, cells));
    m.vae.gene_names = cells.gene_names;
    m.mean_correction.value.setConstant(1.5f);
    m.overdispersion_scale.value.setConstant(0.7f);
    MixtureChoice choice;
    choice.mixture.control_weight = 0.25;
    choice.mixture.shrinkage = 0.5;
    if (form != PerturbationForm::conditional_flow) choice.mixture.cells = CellSampling::counterfactual;
    m.set_mixture(choice);
    CHECK(std::isnan(m.mixture_choice().energy));
    const Model back = saved_and_loaded(m);
    CHECK(back.mixture_choice().mixture.cells == choice.mixture.cells);
    CHECK(back.mixture_choice().mixture.shrinkage == 0.5);
    CHECK(std::isnan(back.mixture_choice().energy_decoded));
    CHECK(back.vae.gene_names == cells.gene_names);
    CHECK(back.vocabulary.single_perturbations == m.vocabulary.single_perturbations);
    CHECK(back.vocabulary.trained_conditions == m.vocabulary.trained_conditions);
    for (const char* condition : {"gene_1", "gene_1+gene_2"}) {
      Rng one(8), two(8);
      const CellTable a = predict(m, cells, condition, {.steps = 4}, one),
                      b = predict(back, cells, condition, {.steps = 4}, two);
      CHECK(std::ranges::equal(a.counts.values(), b.counts.values()));
      CHECK(std::ranges::equal(a.counts.columns(), b.counts.columns()));
      a.check();
      CHECK(a.embeddings.count("X_latentcell") == 1);
    }
  }
}

TEST_CASE("perturbation io: given embeddings stay frozen, and the dose keeps its column and scale") {
  Rng rng(4);
  Options o = simulated_options(30);
  o.dose = "dose";
  o.dose_scale = 2.5f;
  Matrix<float> table(3, 2);
  table << 1, 0, 0, 1, 0.5f, 2;
  const Model m(o, {{"a", "b", "c"}, {"a", "b"}}, table, rng), back = saved_and_loaded(m);
  CHECK(back.embeddings().frozen);
  CHECK(back.embeddings().value == table);
  CHECK(back.options.dose == "dose");
  CHECK(back.options.dose_scale == 2.5f);
  CHECK(perturbation_sum(back, "c") == perturbation_sum(m, "c"));
}
