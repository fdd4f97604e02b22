#include <latentcell/perturbation/compose.hpp>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

constexpr Index genes = 30;

// Untrained: its mean corrections, one per trained condition, change most of a gene's level.
Model model(bool given) {
  Options o;
  o.vae = {.genes = genes, .hidden = {16}, .latent = 4};
  o.backbone = {.latent = 4, .width = 16, .depth = 1, .condition = 8};
  o.group = "cell_type";
  Matrix<float> table;
  if (given) {
    table.resize(3, 2);
    table << 1, 0, 0, 1, 0.5f, 2;
  }
  Rng rng(3);
  Model m(o, {{"a", "b", "c"}, {"a", "b"}}, table, rng);
  m.mean_correction.value(0, 0) = 3;
  m.mean_correction.value(1, 1) = 4;
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

TEST_CASE(
    "perturbation_sum: a trained condition is itself, a combination its members, an untrained one a regression on "
    "them") {
  const Model m = model(true);
  CHECK(perturbation_sum(m, "a") == PerturbationSum{{"a", 1.0}});
  CHECK(perturbation_sum(m, "a+b") == PerturbationSum{{"a", 1.0}, {"b", 1.0}});
  const PerturbationSum c = perturbation_sum(m, "c", {.ridge = 1e-6});
  CHECK(std::abs(weight_of(c, "a") - 0.5) < 1e-3);
  CHECK(std::abs(weight_of(c, "b") - 2) < 1e-3);
  const PerturbationSum both = perturbation_sum(m, "a+c", {.ridge = 1e-6});
  CHECK(std::abs(weight_of(both, "a") - 1.5) < 1e-3);
  // Learned embeddings of an untrained perturbation are arbitrary.
  CHECK(perturbation_sum(model(false), "c") == PerturbationSum{{"c", 1.0}});
  CHECK(perturbation_sum(model(false), "a+b").size() == 2);
  CHECK_THROWS_WITH(perturbation_sum(m, "a+d"),
                    ContainsText("'d' of perturbation 'a+d' is none of the 3 single perturbations"));
}

TEST_CASE("predict_sum: changes of log shares add up, each with its weight") {
  const Model m = model(true);
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
  CHECK_THROWS_WITH(predict_sum(m, cells(), {}, "x", {}, rng), ContainsText("has no terms"));
  CHECK_THROWS_WITH(predict_sum(m, cells(), {{"a", 1.0}}, "x", {.pseudo_count = INFINITY}, rng),
                    ContainsText("must be finite"));
}

TEST_CASE("predict_sum: the variance beyond Poisson noise takes the smallest factor of the terms with a weight") {
  Model m = model(true);
  m.overdispersion_scale.value.row(0).setConstant(0.1f);  // "b" keeps 1
  const auto spread = [&](const PerturbationSum& sum) {
    Rng rng(7);
    const CellTable drawn = predict_sum(m, cells(), sum, "x", {.steps = 2}, rng);
    const Categorical type = drawn.obs("cell_type");
    const GroupMoments x(drawn.counts.view(), type.codes, Index(type.levels.size()));
    double out = 0;
    for (Index g = 0; g < genes; ++g) out += x.overdispersion(0, g) / double(genes);
    return out;
  };
  const double a = spread({{"a", 1.0}}), b = spread({{"b", 1.0}});
  INFO("one term leaves " << a << ", the other " << b);
  REQUIRE(a < 0.5 * b);
  CHECK(spread({{"a", 1.0}, {"b", 1.0}}) < 0.5 * (a + b));
  CHECK(spread({{"b", 1.0}, {"a", 1.0}}) < 0.5 * (a + b));
  CHECK(spread({{"a", 0.0}, {"b", 1.0}}) > 0.5 * (a + b));
}

TEST_CASE("predict_sum: one term of weight 1 has the gene means of predict_with_flow") {
  const Model m = model(true);
  Rng one(7), two(7);
  const std::vector<double> sum = levels(predict_sum(m, cells(), {{"a", 1.0}}, "a", {.steps = 2}, one)),
                            flow = levels(predict_with_flow(m, cells(), "a", {.steps = 2}, two));
  for (std::size_t g = 0; g < to_size(genes); ++g) CHECK(std::abs(sum[g] - flow[g]) < 0.1);
}
