#include <latentcell/multiomics/cross_validate.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

namespace {

CrossValidationOptions two_folds() {
  CrossValidationOptions o{.folds = 2, .model = small_options(), .training = short_training(2)};
  o.training.intervals.draws = 4;
  return o;
}

}  // namespace

TEST_CASE("cross_validate: every cell with proteins is predicted by a model that was trained without it") {
  CellTable cells = simulated(60);
  cells.embeddings.at("protein_expression").row(5).setConstant(std::nanf(""));
  const Dataset d = make_dataset(cells, {.extra_key = "accessibility"});
  Stages stages;
  std::vector<std::string> lines;
  CrossValidationOptions o = two_folds();
  o.notice = [&](const std::string& line) { lines.push_back(line); };
  const auto out = cross_validate(d, o, stages);
  REQUIRE(out);
  CHECK(lines.size() == 2 * 3);  // each fold, and the weights of both of its models
  CHECK(stages.reports().size() == 2 * (2 + 1 + 3 + 2));
  CHECK(stages.reports().front().name == "fold_1_of_2_protein_1");
  CHECK(out->predictions.front().method == "latentcell");
  CHECK(out->proteins.rows().size() == 3 + 1 + 3 + 6);
  CHECK(out->genes.rows().size() == 3);
  CHECK(std::isnan(out->fold[5]));
  CHECK(out->measured[5] == 0);
  CHECK(out->truth.row(5).isZero());
  // Other proteins in the cells of the first fold change nothing of what is predicted of them, and all else.
  CellTable tampered = cells;
  for (Index i = 0; i < 60; ++i) {
    if (out->fold[to_size(i)] == 1) tampered.embeddings.at("protein_expression").row(i).setConstant(float(500 - 3 * i));
  }
  Stages others;
  const auto other = cross_validate(make_dataset(tampered, {.extra_key = "accessibility"}), o, others);
  REQUIRE(other);
  for (std::size_t p = 0; p < out->predictions.size(); ++p) {
    const Matrix<float>&a = out->predictions[p].values.mean, &b = other->predictions[p].values.mean;
    INFO(out->predictions[p].method);
    CHECK(a != b);
    for (Index i = 0; i < 60; ++i) {
      if (out->fold[to_size(i)] == 1) CHECK(a.row(i) == b.row(i));
    }
  }
}

TEST_CASE("cross_validate: nonsense in its options is refused by name and number") {
  const Dataset d = dataset(20);
  Stages stages;
  CrossValidationOptions o = two_folds();
  o.folds = 1;
  CHECK_THROWS_WITH(cross_validate(d, o, stages), ContainsText("cross_validate: folds must be at least 2, got 1"));
  o = two_folds();
  o.model.hide = 2;
  CHECK_THROWS_WITH(cross_validate(d, o, stages), ContainsText("cross_validate: model.hide must be in [0, 1), got 2"));
  o = two_folds();
  o.training.stacking.joint_folds = 1;
  CHECK_THROWS_WITH(cross_validate(d, o, stages), ContainsText("cross_validate: one joint fold alone"));
  CHECK(stages.reports().empty());
  o = two_folds();
  o.training.joint.genes = 0;
  CHECK_THROWS_WITH(cross_validate(d, o, stages),
                    ContainsText("cross_validate: training.joint.genes must be at least 1, got 0"));
}
