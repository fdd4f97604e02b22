#include <latentcell/perturbation/predict.hpp>

#include <cmath>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

constexpr Index genes = 20;

const CellTable& cells() {
  static const CellTable all = [] {
    Rng rng(5);
    return simulate({.cells = 200, .genes = genes, .types = 2, .library = 2000, .gene_spread = 0.5}, rng);
  }();
  return all;
}

// Untrained: "a" multiplies gene 0 by 3, "b" gene 1 by 4; "c" has twice the embedding of "b".
Model model(const std::string& dose = "") {
  Options o = simulated_options(genes);
  o.dose = dose;
  Matrix<float> table(3, 2);
  table << 1, 0, 0, 1, 0.5f, 2;
  Rng rng(3);
  Model m(o, {{"a", "b", "c"}, {"a", "b"}}, table, rng);
  m.mean_correction.value(0, 0) = 3;
  m.mean_correction.value(1, 1) = 4;
  return m;
}

// Log share of a gene, less the mean over the genes.
double level(const CellTable& t, std::size_t gene) {
  const std::vector<double> sum = gene_totals_of(t);
  double mean = 0;
  for (const double v : sum) mean += std::log(v + 0.5) / double(genes);
  return std::log(sum[gene] + 0.5) - mean;
}

}  // namespace

TEST_CASE("predict: a trained condition is predict_with_flow, to the bit") {
  const Model m = model();
  Rng one(7), two(7);
  const CellTable x = predict_with_flow(m, cells(), "a", {.steps = 2}, one),
                  y = predict(m, cells(), "a", {.steps = 2}, two);
  CHECK(std::ranges::equal(x.counts.values(), y.counts.values()));
  CHECK(std::ranges::equal(x.counts.columns(), y.counts.columns()));
  CHECK(x.cell_names == y.cell_names);
}

TEST_CASE("predict: an untrained perturbation is composed by its embedding, a combination by its members") {
  const Model m = model();
  const auto at = [&](const std::string& condition) {
    Rng rng(7);
    return predict(m, cells(), condition, {.steps = 2}, rng);
  };
  const CellTable a = at("a"), b = at("b"), c = at("c"), both = at("a+b");
  CHECK(c.obs("condition").levels == std::vector<std::string>{"c"});
  CHECK(c.cell_names[0] == cells().cell_names[0] + "_c");
  CHECK(level(c, 1) > level(a, 1) + 1);  // twice the effect of "b"
  CHECK(level(b, 1) > level(a, 1) + 0.8);
  CHECK(level(both, 0) > level(b, 0) + 0.6);
  CHECK(level(both, 1) > level(a, 1) + 0.8);
}

TEST_CASE("predict: beyond the largest dose the log changes grow in proportion to it") {
  const Model m = model("dose");
  const auto at = [&](double dose) {
    Rng rng(7);
    return predict(m, cells(), "a", {.steps = 2, .dose = dose}, rng);
  };
  const CellTable far = at(2), near = at(1.001);
  CHECK(std::get<std::vector<double>>(far.cell_columns.get("dose"))[0] == 2);
  CHECK(level(far, 0) - level(near, 0) == Approx(level(near, 0) - level(at(0.001), 0)).margin(0.25));
  CHECK(level(far, 0) > level(near, 0) + 0.7);
}
