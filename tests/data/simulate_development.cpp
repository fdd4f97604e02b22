#include <latentcell/data/simulate_development.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("simulate_development: snapshots that move along a forked way and grow") {
  Rng rng(2), again(2);
  const DevelopmentOptions o{.cells = 50, .snapshots = 4, .growth = 2, .genes = 80};
  const CellTable cells = simulate_development(o, rng);
  cells.check();
  CHECK(cells.cells() == 50 + 100 + 200 + 400);
  CHECK(cells.genes() == 80);
  const auto& time = std::get<std::vector<double>>(cells.cell_columns.get("time"));
  const auto& way = std::get<std::vector<double>>(cells.cell_columns.get("way"));
  const Categorical type = cells.obs("cell_type");
  double early = 0, late = 0;
  for (std::size_t i = 0; i < 50; ++i) early += way[i] / 50;
  for (std::size_t i = 350; i < 750; ++i) late += way[i] / 400;
  CHECK(time.front() == 0);
  CHECK(time.back() == 3);
  CHECK(early == Approx(0.125).margin(0.05));
  CHECK(late == Approx(0.875).margin(0.05));
  for (std::size_t i = 0; i < way.size(); ++i)
    CHECK((type.levels[to_size(type.codes[i])] == "stem") == (way[i] < o.fork));
  const CellTable twin = simulate_development(o, again);
  CHECK(twin.counts.nonzeros() == cells.counts.nonzeros());
  for (Index i = 0; i < cells.cells(); i += 97) CHECK(twin.counts.view().row_sum(i) == cells.counts.view().row_sum(i));
  CHECK_THROWS_WITH(simulate_development({.fork = 1}, rng), ContainsText("fork"));
}
