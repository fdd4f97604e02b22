#include <latentcell/perturbation/choose_cell_sampling.hpp>

#include <cmath>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

constexpr Index genes = 40;

// Control cells and, as the truth, cells whose first ten genes are thinned; a model that nothing has trained: its
// decoder knows no cell.
struct Planted {
  CellTable control, observed;
  Model model;
  ResponseMixture mixture{1, 1};

  explicit Planted(double change, Rng& rng) : model(simulated_options(genes), one_perturbation("gene_1"), rng) {
    const CellTable all =
        simulate({.cells = 400, .genes = genes, .types = 1, .library = 800, .type_skew = 0, .perturbations = 1}, rng);
    std::vector<Index> rows;
    const Categorical condition = all.obs(model.options.condition);
    for (Index i = 0; i < all.cells(); ++i) {
      if (condition.codes[to_size(i)] == condition.code_of(model.options.control)) rows.push_back(i);
    }
    control = all.select_cells(rows);
    model.vae.initialize_from_data(control.counts);
    model.flow.start(encode(model.vae, control));
    observed = control;
    Counts moved(genes);
    for (Index i = 0; i < control.cells(); ++i) {
      const auto columns = control.counts.view().row_columns(i);
      const auto values = control.counts.view().row_values(i);
      for (std::size_t k = 0; k < columns.size(); ++k)
        moved.push(columns[k], columns[k] < 10 ? float(draw_binomial(double(values[k]), 1 / change, rng)) : values[k]);
      moved.end_row();
    }
    observed.counts = std::move(moved);
  }

  // The models know the logarithm of the change, times `share`, and of that `shrunk` where effects are shrunk.
  MixtureChoice chosen(double change, double share, Rng& rng, double shrunk = 1) {
    const kernel::LogPca pca = kernel::LogPca::fit(control.counts.view(), 20, rng);
    CellSamplingSearch search(mixture, pca);
    Model own = model;
    const auto model_with = [&](const ResponseMixture& m) -> const Model& {
      MixtureChoice choice;
      choice.mixture = m;
      own.set_mixture(choice);
      own.mean_correction.value.setOnes();
      const double known = share * (1 - m.shrinkage * (1 - shrunk));
      own.mean_correction.value.leftCols(10).setConstant(float(std::pow(change, -known * m.strength)));
      return own;
    };
    for (int k = 0; k < 4; ++k) search.add({"gene_1", {}, control, observed}, model_with, rng);
    MixtureChoice out;
    out.mixture = mixture;
    search.choose(out);
    return out;
  }
};

}  // namespace

TEST_CASE("CellSamplingSearch: cells that a poor decoder does not know are drawn from their own counts") {
  Rng rng(2);
  Planted p(3, rng);
  const MixtureChoice c = p.chosen(3, 1, rng);
  CHECK(c.mixture.cells == CellSampling::counterfactual);
  CHECK(c.mixture.strength == 1);
  CHECK(c.energy < c.energy_decoded);
}

TEST_CASE("CellSamplingSearch: an effect that is too small is made stronger") {
  Rng rng(3);
  Planted p(4, rng);
  CHECK(p.chosen(4, 1 / 1.5, rng).mixture.strength > 1);
}

TEST_CASE("CellSamplingSearch: effects that shrinkage takes away are used as measured") {
  Rng rng(5);
  Planted p(3, rng);
  CHECK(p.chosen(3, 1, rng).mixture.shrinkage == 1);
  CHECK(p.chosen(3, 1, rng, 0.2).mixture.shrinkage == 0);
}

TEST_CASE("CellSamplingSearch: without comparisons nothing changes") {
  Rng rng(4);
  Planted p(2, rng);
  const kernel::LogPca pca = kernel::LogPca::fit(p.control.counts.view(), 20, rng);
  const CellSamplingSearch search(p.mixture, pca);
  MixtureChoice c;
  c.mixture.control_weight = 0.25;
  search.choose(c);
  CHECK(c.mixture.control_weight == 0.25);
  CHECK(std::isnan(c.energy));
}
