#include <latentcell/perturbation/compose.hpp>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

constexpr Index genes = 30;

// Not trained: its responses, one per condition seen, are all that changes a gene's level much.
Perturbation model(bool given, const std::string& dose = "") {
  PerturbationOptions o;
  o.vae = {.genes = genes, .hidden = {16}, .latent = 4};
  o.backbone = {.latent = 4, .width = 16, .depth = 1, .condition = 8};
  o.group = "cell_type";
  o.dose = dose;
  o.parts = {"a", "b", "c"};
  o.seen = {"a", "b"};
  Matrix<float> table;
  if (given) {
    table.resize(3, 2);
    table << 1, 0, 0, 1, 0.5f, 2;
  }
  Rng rng(3);
  Perturbation m(o, table, rng);
  m.response.value(0, 0) = 3;
  m.response.value(1, 1) = 4;
  return m;
}

const CellTable& cells() {
  static const CellTable all = [] {
    Rng rng(5);
    return simulate({.cells = 400, .genes = genes, .types = 2, .library = 2000, .gene_spread = 0.5}, rng);
  }();
  return all;
}

// Log shares of the genes, less their mean.
std::vector<double> levels(const CellTable& t) {
  std::vector<double> sum(to_size(genes), 0.5);
  for (Index i = 0; i < t.cells(); ++i) {
    for (std::size_t k = 0; k < t.counts.view().row_columns(i).size(); ++k)
      sum[std::size_t(t.counts.view().row_columns(i)[k])] += double(t.counts.view().row_values(i)[k]);
  }
  double mean = 0;
  for (double& v : sum) mean += (v = std::log(v)) / double(genes);
  for (double& v : sum) v -= mean;
  return sum;
}

double weight_of(const PerturbationSum& sum, const std::string& name) {
  double out = 0;
  for (const auto& [term, weight] : sum) out += term == name ? weight : 0.0;
  return out;
}

}  // namespace

TEST_CASE("perturbation_sum: what was seen is itself, a combination its parts, an unseen part the seen ones like it") {
  const Perturbation m = model(true);
  CHECK(perturbation_sum(m, "a") == PerturbationSum{{"a", 1.0}});
  CHECK(perturbation_sum(m, "a+b") == PerturbationSum{{"a", 1.0}, {"b", 1.0}});
  const PerturbationSum c = perturbation_sum(m, "c", {.ridge = 1e-6});
  CHECK(std::abs(weight_of(c, "a") - 0.5) < 1e-3);
  CHECK(std::abs(weight_of(c, "b") - 2) < 1e-3);
  const PerturbationSum both = perturbation_sum(m, "a+c", {.ridge = 1e-6});
  CHECK(std::abs(weight_of(both, "a") - 1.5) < 1e-3);
  // Learned embeddings say nothing of a part that was never seen.
  CHECK(perturbation_sum(model(false), "c") == PerturbationSum{{"c", 1.0}});
  CHECK(perturbation_sum(model(false), "a+b").size() == 2);
  CHECK_THROWS_WITH(perturbation_sum(m, "a+d"), ContainsText("'d' of 'a+d' is none of the 3 parts"));
}

TEST_CASE("predict_sum: changes of log shares add up, each with its weight") {
  const Perturbation m = model(true);
  const auto of = [&](const PerturbationSum& sum) {
    Rng rng(7);
    return levels(predict_sum(m, cells(), sum, "x", {.steps = 2}, rng));
  };
  const auto none = of({{"a", 0.0}}), a = of({{"a", 1.0}}), b = of({{"b", 1.0}}), both = of({{"a", 1.0}, {"b", 1.0}}),
             half = of({{"a", 0.5}});
  CHECK(a[0] - none[0] > 0.8);
  CHECK(b[1] - none[1] > 0.8);
  for (std::size_t g = 0; g < to_size(genes); ++g) {
    INFO("gene " << g << ": " << a[g] - none[g] << " and " << b[g] - none[g] << " give " << both[g] - none[g]);
    CHECK(std::abs(both[g] - a[g] - b[g] + none[g]) < 0.1);
    CHECK(std::abs(half[g] - none[g] - 0.5 * (a[g] - none[g])) < 0.1);
  }
  Rng rng(7);
  CHECK_THROWS_WITH(predict_sum(m, cells(), {}, "x", {}, rng), ContainsText("sum of nothing"));
}

TEST_CASE("predict_unseen: what was seen is predict's, to the bit; beyond the doses the changes grow in proportion") {
  const Perturbation m = model(true);
  Rng one(7), two(7);
  const CellTable x = predict(m, cells(), "a", {.steps = 2}, one),
                  y = predict_unseen(m, cells(), "a", {.steps = 2}, two);
  CHECK(std::ranges::equal(x.counts.values(), y.counts.values()));
  CHECK(x.cell_names == y.cell_names);
  Rng three(7);
  const CellTable new_gene = predict_unseen(m, cells(), "c", {.steps = 2}, three);
  CHECK(new_gene.obs("condition").levels == std::vector<std::string>{"c"});
  CHECK(new_gene.cell_names[0] == cells().cell_names[0] + "_c");
  CHECK(levels(new_gene)[1] > levels(x)[1] + 1);  // "c" has twice of what "b" has

  const Perturbation dosed = model(true, "dose");
  const auto at = [&](double dose) {
    Rng rng(7);
    return predict_unseen(dosed, cells(), "a", {.steps = 2, .dose = dose}, rng);
  };
  const CellTable far = at(2);
  CHECK(std::get<std::vector<double>>(far.cell_columns.get("dose"))[0] == 2);
  CHECK(levels(far)[0] > levels(at(1.001))[0] + 0.7);
}

TEST_CASE("a model with given embeddings knows after loading that they were given") {
  const std::string path = "latentcell_compose_test.safetensors";
  Perturbation m = model(true);
  for (Index g = 0; g < genes; ++g) m.vae.gene_names.push_back(text("gene_", g));
  save(path, m);
  const Perturbation back = load_perturbation(path);
  std::remove(path.c_str());
  CHECK(back.embeddings().frozen);
  CHECK(back.embeddings().value == m.embeddings().value);
  CHECK(perturbation_sum(back, "c") == perturbation_sum(m, "c"));
}
