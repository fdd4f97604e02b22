#include <latentcell/spatial/baselines.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::BaselineImputation;
using spatial::find_baseline;

namespace {

double mean_squared(const Matrix<float>& a, const Matrix<float>& b) { return double((a - b).array().square().mean()); }

}  // namespace

TEST_CASE("location_baselines: nearest is exact at reference cells; kriging beats nearest and mean on a noisy field") {
  const Matrix<float> at = planted::bent_points(400, 4), all = planted::smooth_field(at, 14).array() + 3;
  Rng rng(2);
  spatial::SpatialReference reference{{at.topRows(300), std::vector<int>(300, 0)}, all.topRows(300)};
  for (Index i = 0; i < 300; ++i) reference.values(i, 0) += float(0.7 * rng.normal());
  const spatial::Locations query{at.bottomRows(100), std::vector<int>(100, 0)};
  const std::vector<BaselineImputation> made = spatial::location_baselines(reference, query, {}, rng);
  const auto error = [&](const char* method) { return mean_squared(find_baseline(made, method), all.bottomRows(100)); };
  CHECK(error("kriging") < 0.5 * error("nearest cell"));
  CHECK(error("Gaussian smoothing") < 0.5 * error("nearest cell"));
  CHECK(error("kriging") < 0.5 * error("mean"));
  CHECK(spatial::column_deviation(find_baseline(made, "kriging, variance matched"))(0) >
        spatial::column_deviation(find_baseline(made, "kriging"))(0));
  CHECK(find_baseline(spatial::location_baselines(reference, reference, {}, rng), "nearest cell") == reference.values);
  CHECK_THROWS_WITH(find_baseline(made, "magic"), ContainsText("no baseline 'magic' among 5"));
  CHECK_THROWS_WITH(spatial::location_baselines(reference, query, {.slice_gap = -1}, rng),
                    ContainsText("location_baselines: slice_gap must be at least 0, got -1"));
  CHECK_THROWS_WITH(spatial::location_baselines(reference, query, {.mask = {.mask_radius = -4}}, rng),
                    ContainsText("location_baselines: mask.mask_radius must be at least 0, got -4"));
}

TEST_CASE("impute_baselines: panels and spots have baselines of their own") {
  const auto methods = [](const std::string& words) {
    Rng rng(1);
    const spatial::ImputationTask task =
        spatial::hold_out(planted::tissue({.spots = 200, .genes = 8}, 1), spatial::parse_holdout(words), rng);
    const planted::Run run = planted::fit(task, 1);
    const spatial::Imputation imputed = spatial::impute(run.model, run.data, {.intervals = {.draws = 4}});
    std::vector<std::string> out;
    for (const BaselineImputation& b : spatial::impute_baselines(run.model, run.data, imputed, 0)) {
      CHECK(b.mean.rows() == run.data.query.size());
      CHECK(b.mean.cols() == Index(run.data.target.features.size()));
      out.push_back(b.method);
    }
    return out;
  };
  const std::vector<std::string> alone{"mean", "nearest cell", "Gaussian smoothing", "kriging",
                                       "kriging, variance matched"};
  CHECK(methods("spots:0.5") == alone);
  std::vector<std::string> panel = alone, grid = alone;
  panel.insert(panel.end(), {"mean of the 30 nearest by panel", "ridge on the panel"});
  grid.insert(grid.end(), {"kriging, area to point", "kriging, deconvolved"});
  CHECK(methods("genes:3") == panel);
  CHECK(methods("grid:3") == grid);
}
