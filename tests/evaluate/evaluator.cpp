#include <latentcell/evaluate/evaluator.hpp>

#include "evaluate/cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;
using namespace evaluate_cells;

TEST_CASE("Evaluator: held-out cells beat both baselines in what these lack") {
  const Cells cells = draw(300, 21);
  Evaluator evaluator(cells.train, cells.held_out, "cell_type", quick);
  GenerationScores ceiling, gaussian, negative_binomial;
  evaluator.score_ceiling(cells.held_out, MetricSet::all, ceiling);
  evaluator.score_class_gaussian(MetricSet::all, gaussian);
  evaluator.score_class_negative_binomial(MetricSet::all, negative_binomial);
  CHECK(ceiling.coverage > gaussian.coverage + 0.05);
  CHECK(ceiling.correlation > negative_binomial.correlation + 0.01);
  CHECK(ceiling.w2 < gaussian.w2);
  CHECK(gaussian.label_accuracy > 0.8);  // a cell of each label that was asked for
  CHECK(negative_binomial.label_accuracy > 0.8);
}

TEST_CASE("Evaluator: the reference is half of the held-out cells in their label mix, the ceiling the other half") {
  const Cells cells = draw(200, 22);
  Evaluator evaluator(cells.train, cells.held_out, "cell_type", quick);
  const auto& levels = evaluator.levels();
  for (std::size_t l = 0; l < levels.size(); ++l) {
    const auto n = std::count(evaluator.reference().codes.begin(), evaluator.reference().codes.end(), int(l));
    CHECK(n == rows_of(cells.held_out, levels[l]) / 2);
  }
  // The ceiling's cells are none of the reference's: no point is at distance 0 from one of them.
  GenerationScores ceiling;
  const Matrix<float> points = evaluator.score_ceiling(cells.held_out, MetricSet::points, ceiling);
  const kernel::Neighbors near = kernel::nearest_neighbors(view(points), view(evaluator.reference().points), 1);
  CHECK(near.distance.minCoeff() > 0);
}

TEST_CASE("Evaluator: the space of the scores is that of the training cells") {
  // Of one type a tenth is held out: about the training cells' mean, the reference lies off the origin.
  const Cells cells = draw(300, 27);
  const auto distance = [&](const CellTable& held_out) {
    const Evaluator evaluator(cells.train, held_out, "cell_type", quick);
    return double(evaluator.reference().points.colwise().mean().norm());
  };
  const std::string type = cells.held_out.obs("cell_type").levels[0];
  const Index some = rows_of(cells.held_out, type) / 10;
  const double shifted = distance(cells.held_out.select_cells(rows_but(cells.held_out, type, some)));
  CHECK(shifted > 0.5);
  CHECK(shifted > 2 * distance(cells.held_out));
}

TEST_CASE("Evaluator: MetricSet::points leaves scores in genes out") {
  const Cells cells = draw(150, 23);
  Evaluator evaluator(cells.train, cells.held_out, "cell_type", quick);
  const GenerationScores few = evaluator.score_cells(cells.generated, "cell_type", MetricSet::points),
                         all = evaluator.score_cells(cells.generated, "cell_type");
  CHECK(std::isnan(few.auc));
  CHECK(std::isfinite(all.auc));
  CHECK(few.w2 == all.w2);
}

TEST_CASE("Evaluator: cells of permuted labels score chance in label accuracy") {
  Cells cells = draw(300, 24);
  Evaluator evaluator(cells.train, cells.held_out, "cell_type", quick);
  Categorical labels = cells.generated.obs("cell_type");
  Rng rng(3);
  shuffle(std::span<int>(labels.codes), rng);
  set_labels(cells.generated, labels);
  const double accuracy = evaluator.score_cells(cells.generated, "cell_type", MetricSet::points).label_accuracy;
  // Chance: the sum of squared shares of the classes, within four standard errors.
  double chance = 0;
  const auto& codes = evaluator.reference().codes;
  for (int l = 0; l < 3; ++l) {
    const double share = double(std::count(codes.begin(), codes.end(), l)) / double(codes.size());
    chance += share * share;
  }
  CHECK(accuracy == Approx(chance).margin(4 * std::sqrt(chance * (1 - chance) / double(codes.size()))));
}

TEST_CASE("Evaluator: training cells of no evaluated class are not noted as generated ones") {
  Cells cells = draw(150, 26);
  Categorical labels = cells.train.obs("cell_type");
  labels.codes[0] = -1;
  set_labels(cells.train, labels);
  const Evaluator evaluator(cells.train, cells.held_out, "cell_type", quick);
  for (const std::string& note : evaluator.notes()) CHECK(note.find("generated") == std::string::npos);
}

TEST_CASE("Evaluator: wrong options and columns throw") {
  const Cells cells = draw(60, 25);
  CHECK_THROWS_WITH(Evaluator(cells.train, cells.held_out, "kind"), ContainsText("no label column 'kind'"));
  CHECK_THROWS_WITH(Evaluator(cells.train, cells.held_out, "cell_type", {.neighbors = 0}),
                    "evaluate: neighbors must be at least 1, got 0");
}
