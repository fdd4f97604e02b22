#include <latentcell/trajectory/fates.hpp>

#include <cmath>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using moving_cells::constant_velocity;
using moving_cells::two_lines;
using trajectory::fate_probabilities;
using trajectory::Fates;
using trajectory::Model;

namespace {

/// Two cells of time 0, nearer to the lower and to the upper line.
LatentTable starts(float height) {
  LatentTable out;
  out.mean.resize(2, 2);
  out.mean << 0, -height, 0, height;
  out.cell_columns = Annotation(2);
  out.cell_columns.set("time", std::vector<double>{0, 0});
  return out;
}

}  // namespace

TEST_CASE("fate_probabilities: cells become what lies where they go") {
  const LatentTable reference = two_lines(40, {0, 2}, 1);
  Rng rng(2);
  const Fates straight = fate_probabilities(constant_velocity(2, 3, 0), starts(2), reference, "line", {}, rng);
  REQUIRE(straight.levels == std::vector<std::string>{"lower", "upper"});
  CHECK(straight.probability(0, 0) == Approx(1));
  CHECK(straight.probability(1, 1) == Approx(1));
  // Both cells rise by 4: the lower one becomes upper.
  const Fates rising = fate_probabilities(constant_velocity(2, 3, 2), starts(2), reference, "line", {}, rng);
  CHECK(rising.probability(0, 1) == Approx(1));
  CHECK(rising.probability(1, 1) == Approx(1));
}

TEST_CASE("fate_probabilities: a cell between the lines has even odds by diffusion, and rows sum to 1") {
  const LatentTable reference = two_lines(100, {0, 2}, 1);
  Rng rng(2);
  const Fates fates = fate_probabilities(constant_velocity(2, 3, 0, 2.0), starts(0), reference, "line",
                                         {.draws = 400, .neighbors = 5, .steps = 5}, rng);
  for (Index i = 0; i < 2; ++i) {
    CHECK(fates.probability.row(i).sum() == Approx(1));
    CHECK(fates.probability(i, 0) == Approx(0.5).margin(0.1));  // 4 standard errors of 400 draws
  }
  // Without noise one path is enough: the odds are votes of one set of neighbours.
  const Fates one =
      fate_probabilities(constant_velocity(2, 3, 0), starts(2), reference, "line", {.draws = 400, .neighbors = 5}, rng);
  CHECK(one.probability(0, 0) == 1);
}

TEST_CASE("fate_probabilities: votes are shares of the neighbours asked, labelled cells alone") {
  // At the end lie three cells; one of the two labelled ones is "a".
  LatentTable reference;
  reference.mean = Matrix<float>::Zero(4, 2);
  reference.mean(1, 1) = 0.1f;
  reference.mean(2, 1) = 0.2f;
  reference.cell_columns = Annotation(4);
  reference.cell_columns.set("time", std::vector<double>{2, 2, 2, 0});
  reference.cell_columns.set("line", Categorical{{"a", "b", "unused"}, {0, 1, -1, 1}});
  Model model = constant_velocity(2, 0, 0);
  model.options.paths.window = 3;
  Rng rng(2);
  const Fates fates = fate_probabilities(model, starts(0), reference, "line", {.neighbors = 9}, rng);
  CHECK(fates.probability(0, 0) == 0.5);
  CHECK(fates.probability(0, 1) == 0.5);
  CHECK(fates.probability(0, 2) == 0);
  const Fates nearest = fate_probabilities(model, starts(0), reference, "line", {.neighbors = 1}, rng);
  CHECK(nearest.probability(0, 0) == 1);
}

TEST_CASE("fate_probabilities: an earlier time takes the labels of that time") {
  // The lines exchange their names after time 1.
  LatentTable reference = two_lines(40, {0, 1, 2}, 1);
  std::vector<std::string> names;
  for (Index i = 0; i < 120; ++i) names.push_back((i % 2 == 0) == (i < 80) ? "lower" : "upper");
  reference.cell_columns.set("line", to_categorical(names));
  Model model = constant_velocity(2, 3, 0);
  model.options.paths.window = 40;
  Rng rng(2);
  CHECK(fate_probabilities(model, starts(2), reference, "line", {}, rng).probability(0, 1) == Approx(1));
  CHECK(fate_probabilities(model, starts(2), reference, "line", {.at = 0.4}, rng).probability(0, 0) == Approx(1));
}

TEST_CASE("fate_probabilities: cells without a time are counted") {
  LatentTable cells = starts(2);
  cells.cell_columns.set("time", std::vector<double>{0, std::nan("")});
  Rng rng(2);
  CHECK_THROWS_WITH(fate_probabilities(constant_velocity(2, 3, 0), cells, two_lines(40, {0, 2}, 1), "line", {}, rng),
                    ContainsText("1 of 2 cells have no finite time"));
}

TEST_CASE("annotate_fates: a column for each level that a reference cell has, without slashes") {
  LatentTable cells = starts(0);
  Fates fates{{"a/b", "none", "c"}, Matrix<double>(2, 3)};
  fates.probability << 0.25, 0, 0.75, 1, 0, 0;
  trajectory::annotate_fates(cells, fates, Categorical{fates.levels, {0, 2}});
  CHECK(std::get<std::vector<double>>(cells.cell_columns.get("fate_a|b")) == std::vector<double>{0.25, 1});
  CHECK(std::get<std::vector<double>>(cells.cell_columns.get("fate_c")) == std::vector<double>{0.75, 0});
  CHECK_FALSE(cells.cell_columns.has("fate_none"));
}

TEST_CASE("fate_probabilities: what cannot be answered is refused") {
  LatentTable reference = two_lines(4, {0, 2}, 1);
  const Model model = constant_velocity(2, 0, 0);
  Rng rng(2);
  CHECK_THROWS_WITH(fate_probabilities(model, starts(0), reference, "none", {}, rng), ContainsText("no column 'none'"));
  CHECK_THROWS_WITH(fate_probabilities(model, starts(0), reference, "line", {.draws = 0}, rng),
                    ContainsText("fate_probabilities: draws must be at least 1, got 0"));
  CHECK_THROWS_WITH(fate_probabilities(model, starts(0), reference, "line", {.neighbors = -1}, rng),
                    ContainsText("fate_probabilities: neighbors must be at least 1, got -1"));
  CHECK_THROWS_WITH(fate_probabilities(model, starts(0), reference, "line", {.at = HUGE_VAL}, rng),
                    ContainsText("at must be a time or NaN, got inf"));
  reference.cell_columns.set("line", Categorical{{"a"}, std::vector<int>(8, -1)});
  CHECK_THROWS_WITH(fate_probabilities(model, starts(0), reference, "line", {}, rng),
                    ContainsText("no cell of about time 2 has a label in 'line'"));
}
