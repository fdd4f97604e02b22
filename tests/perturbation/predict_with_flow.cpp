#include <latentcell/perturbation/predict_with_flow.hpp>

#include <cmath>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

CellTable cells() {
  Rng rng(4);
  return simulate({.cells = 300, .genes = 20, .types = 2, .library = 3000, .type_skew = 0, .gene_spread = 0.5}, rng);
}

// Untrained: all that predictions change beside the latent is what the corrections say.
Model model_of(const CellTable& cells, const std::string& dose = "") {
  Options o = simulated_options(cells.genes());
  o.dose = dose;
  o.dose_scale = 2;
  Rng rng(3);
  Model m(o, {{"a", "b"}, {"a"}}, rng);
  m.vae.initialize_from_data(cells.counts);
  m.flow.start(encode(m.vae, cells));
  return m;
}

}  // namespace

TEST_CASE("mean_correction: to the power of the dose over dose_scale; none for an untrained condition or dose") {
  const CellTable all = cells();
  Model m = model_of(all, "dose"), plain = model_of(all);
  m.mean_correction.value(0, 4) = plain.mean_correction.value(0, 4) = 3;
  CHECK(mean_correction(m, "a", 2)(0, 4) == Approx(3));
  CHECK(mean_correction(m, "a", 1)(0, 4) == Approx(std::sqrt(3)));
  CHECK(mean_correction(m, "a", 4)(0, 4) == Approx(9));
  CHECK(mean_correction(m, "b", 2) == Matrix<double>::Ones(1, 20));
  CHECK(mean_correction(m, "a", std::nan("")) == Matrix<double>::Ones(1, 20));
  CHECK(mean_correction(plain, "a", std::nan(""))(0, 4) == Approx(3));
  m.overdispersion_scale.value(0, 4) = 0.5f;
  CHECK(overdispersion_scale(m, "a")(0, 4) == 0.5f);
  CHECK(overdispersion_scale(m, "b") == Matrix<float>::Ones(1, 20));
}

TEST_CASE("predict_with_flow: one cell per control cell, named after it, under the new condition") {
  const CellTable all = cells();
  const Model m = model_of(all);
  Rng one(7), two(7);
  const CellTable p = predict_with_flow(m, all, "a", {.steps = 2}, one);
  p.check();
  CHECK(p.cells() == all.cells());
  CHECK(p.obs("condition").levels == std::vector<std::string>{"a"});
  CHECK(p.obs("cell_type") == all.obs("cell_type"));
  CHECK(std::get<std::vector<std::string>>(p.cell_columns.get("control_cell")) == all.cell_names);
  CHECK(p.cell_names[0] == all.cell_names[0] + "_a");
  const CellTable again = predict_with_flow(m, all, "a", {.steps = 2}, two);
  CHECK(std::ranges::equal(p.counts.values(), again.counts.values()));
  CHECK_THROWS_WITH(predict_with_flow(m, all, "gene_9", {.steps = 2}, one), ContainsText("names 'gene_9'"));
}

TEST_CASE("predict_with_flow: a learned correction multiplies a gene's share and keeps the library size") {
  const CellTable all = cells();
  Model m = model_of(all);
  const auto total = [&] {  // of one group
    Rng rng(7);
    const CellTable p = predict_with_flow(m, all, "a", {.steps = 2}, rng);
    return gene_totals_of(p.select_cells(rows_of(p, "type_1", "cell_type")));
  };
  const std::vector<double> before = total();
  m.mean_correction.value(0, 4) = 3;
  const std::vector<double> after = total();
  double all_before = 0, all_after = 0;
  for (std::size_t g = 0; g < 20; ++g) all_before += before[g], all_after += after[g];
  CHECK(all_after == Approx(all_before).epsilon(0.01));
  const double others = 1 / (1 + 2 * before[4] / all_before);
  for (std::size_t g = 0; g < 20; ++g) CHECK(after[g] / before[g] == Approx((g == 4 ? 3 : 1) * others).epsilon(0.03));
}

TEST_CASE("sample_prediction: a smaller overdispersion narrows the counts of a group and keeps their means") {
  const CellTable all = cells();
  const Model m = model_of(all);
  const LatentTable z = [&] {
    LatentTable out = encode(m.vae, all);
    out.deviation.resize(0, 0);
    std::fill(out.library.begin(), out.library.end(), 3000.0f);
    return out;
  }();
  const auto sampled = [&](float scale) {
    Rng rng(7);
    return sample_prediction(
        m, z, {no_labels(z.cells()), Matrix<float>::Ones(1, 20), Matrix<float>::Constant(1, 20, scale)}, rng);
  };
  const CellTable wide = sampled(1), narrow = sampled(0.1f);
  const std::vector<int> codes(300, 0);
  const GroupMoments a(wide.counts.view(), codes, 1), b(narrow.counts.view(), codes, 1);
  for (Index g = 0; g < 20; ++g) CHECK(b.total(0, g) / a.total(0, g) == Approx(1).epsilon(0.05));
  double before = 0, after = 0;
  for (Index g = 0; g < 20; ++g) before += a.overdispersion(0, g), after += b.overdispersion(0, g);
  INFO("variance beyond Poisson noise " << before << ", then " << after);
  CHECK(after < 0.3 * before);
}
