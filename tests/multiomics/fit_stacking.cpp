#include <latentcell/multiomics/fit_stacking.hpp>

#include <latentcell/multiomics/predict.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

namespace {

/// RNA and proteins that follow lines of two hidden numbers: what ridge regression is right for.
Curved straight(Index cells, std::uint64_t seed) {
  Curved out = curved(cells, seed);
  out.protein.counts = Counts(6);
  for (Index i = 0; i < cells; ++i) {
    double up = 0;
    for (const float x : out.rna.counts.view().row_values(i).first(2)) up += std::log1p(double(x)) - 3.4;
    for (Index f = 0; f < 6; ++f)
      out.protein.counts.push(std::int32_t(f), float(std::round(200 * (f % 2 == 1 ? std::exp(up) : 1.0))));
    out.protein.counts.end_row();
  }
  return out;
}

}  // namespace

TEST_CASE("fit_stacking: the weight goes to ridge where the truth is a line, to the ensemble where it is none") {
  const auto weight = [](const Curved& cells, int epochs, StackPart part) {
    Model model = make_model(small_options(), cells.protein, {cells.rna}, 7);
    Stages stages;
    TrainingOptions o = short_training(epochs);
    o.intervals.draws = 0;
    REQUIRE(fit(model, {cells.protein, {cells.rna}}, o, stages) == FitStatus::finished);
    CHECK(model.stacking.weight.value.colwise().sum().isApproxToConstant(1.0, 1e-9));
    CHECK(model.stacking.weight.value.minCoeff() >= 0);
    CHECK(model.stacking.mean_weight(StackPart::joint) == 0);
    return model.stacking.mean_weight(part);
  };
  CHECK(weight(straight(200, 1), 1, StackPart::ridge) > 0.8);  // the members are hardly trained
  CHECK(weight(curved(500, 1), 200, StackPart::ensemble) > 0.8);
}

TEST_CASE("fit_stacking: nested joint models are trained where one is there, and none is asked for with 0 folds") {
  const Curved c = curved(60, 1);
  for (const Index folds : {0, 2}) {
    Model model = make_model(small_options(), c.protein, {c.rna}, 7);
    Stages stages;
    TrainingOptions o = short_training(2);
    o.stacking.joint_folds = folds;
    REQUIRE(fit(model, {c.protein, {c.rna}, {c.rna, c.protein}}, o, stages) == FitStatus::finished);
    CHECK(Index(stages.reports().size()) == 3 + folds);
    if (folds > 0) CHECK(stages.reports().back().name == "joint_nested_2");
    if (folds == 0) CHECK(model.stacking.mean_weight(StackPart::joint) == 0);
  }
}

TEST_CASE("check_joint_cells: the joint model's cells begin with those of the target, more may follow") {
  const Curved c = curved(10, 1);
  const Modality first = select_cells(c.protein, range(0, 6));
  CHECK_NOTHROW(check_joint_cells("here", {first, {}, {c.rna, c.protein}}));
  CHECK_NOTHROW(check_joint_cells("here", {first, {}, {c.rna}}));  // no part of it is the target
  CHECK_THROWS_WITH(check_joint_cells("here", {c.protein, {}, {c.rna, first}}),
                    ContainsText("here: 6 cells of the joint model, but 10 with sources"));
  const Modality later = select_cells(c.protein, range(1, 10));
  CHECK_THROWS_WITH(check_joint_cells("here", {first, {}, {c.rna, later}}),
                    ContainsText("must begin with those of the target, in their order; 'protein' differs in row 0"));
  Modality marked = c.protein;
  marked.measured[4] = 0;
  CHECK_THROWS_WITH(check_joint_cells("here", {first, {}, {c.rna, marked}}), ContainsText("differs in row 4"));
}

TEST_CASE("fit_stacking: parts predict cells that they were trained without") {
  // Proteins that RNA says nothing of: a part that saw them would be right about them, and none gains over the mean.
  Curved c = curved(120, 1);
  std::vector<Index> order = range(0, 120);
  Rng rng(9);
  shuffle(std::span<Index>(order), rng);
  c.protein = select_cells(c.protein, order);
  Model model = make_model(small_options(), c.protein, {c.rna}, 7);
  Stages stages;
  const auto out = fit_stacking(model, {c.protein, {c.rna}}, {}, {}, stages, rng);
  REQUIRE(out);
  const Matrix<float> stacked = out->ensemble + out->base, truth = model.target.encode(c.protein);
  CHECK((stacked - truth).squaredNorm() > 0.95f * truth.squaredNorm());
  CHECK_THROWS_WITH(fit_stacking(model, {c.protein, {c.rna}}, {}, {.joint_folds = -1}, stages, rng),
                    ContainsText("fit_stacking: joint_folds must be at least 0, got -1"));
  CHECK_THROWS_WITH(fit_stacking(model, {c.protein, {c.rna}}, {}, {.joint_folds = 1}, stages, rng),
                    ContainsText("one joint fold alone cannot be left out"));
}
