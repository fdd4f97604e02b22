#include <latentcell/generation/evaluate_interpolation.hpp>

#include <latentcell/generation/predict.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE("evaluate_interpolation: markers change over along the path, which begins and ends among real cells") {
  const auto& [cells, m] = generator::shared();
  const InterpolateOptions o{.points = 5, .paths = 60, .steps = 8};
  Rng rng(4);
  const LatentTable z = interpolate(m.flow, {{"cell_type", "type_1"}}, {{"cell_type", "type_2"}}, o, rng);
  const CellTable made = sample_counts(m, z, rng);
  const InterpolationScores s = evaluate_interpolation(cells, m, {made, z, o}, {"type_1", "type_2"});
  REQUIRE(s.share == std::vector<double>{0, 0.25, 0.5, 0.75, 1});
  CHECK(s.markers_first.front() > s.markers_first[2]);
  CHECK(s.markers_first[2] > s.markers_first.back());
  CHECK(s.markers_second.front() < s.markers_second.back());
  CHECK(s.distance.front() < 2);
  CHECK(s.distance.back() < 2);
  // Path and straight line have their ends in common; half-way the line leaves the cells.
  CHECK(s.straight_line.front() == s.distance.front());
  CHECK(s.straight_line.back() == s.distance.back());
  CHECK(s.straight_line[2] > s.straight_line.front());
  CHECK(s.table().value("straight line between latents", "distance half-way") == s.straight_line[2]);
  CHECK_THROWS_WITH(evaluate_interpolation(cells, m, {made, z, o}, {"type_1", "no such"}),
                    ContainsText("'no such' has no markers"));
}

TEST_CASE("evaluate_interpolation: other real cells are as far from real cells as these are from each other") {
  const auto& [cells, m] = generator::shared();
  Rng rng(9);
  const CellTable real = cells.select_cells([] {
    std::vector<Index> rows;
    for (Index i = 0; i < 100; ++i) rows.push_back(i);
    return rows;
  }());
  LatentTable z = encode(m.vae, real);
  z.mean = z.drawn(rng);
  const InterpolateOptions o{.points = 2, .paths = 50};
  const InterpolationScores s = evaluate_interpolation(cells, m, {real, z, o}, {"type_1", "type_2"});
  CHECK(s.distance.front() == Approx(1).margin(0.3));
  CHECK(s.distance.back() == Approx(1).margin(0.3));
}
