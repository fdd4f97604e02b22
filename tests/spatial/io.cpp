#include <latentcell/spatial/io.hpp>

#include "io/fixtures.hpp"
#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("spatial::save and load: the same options and the same predictions to the bit, with and without a panel") {
  const fixtures::TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  for (const char* words : {"spots:0.4", "genes:3"}) {
    Rng rng(1);
    const spatial::ImputationTask task =
        spatial::hold_out(planted::tissue({.spots = 200, .genes = 8}, 1), spatial::parse_holdout(words), rng);
    const planted::Run run = planted::fit(task, 2);
    spatial::save(path, run.model);
    const spatial::Model again = spatial::load(path);
    CHECK(again.options.noise == run.model.options.noise);
    CHECK(again.options.ensemble.velocity_net.dropout == run.model.options.ensemble.velocity_net.dropout);
    CHECK(again.options.context.neighbors == run.model.options.context.neighbors);
    CHECK(again.options.missing_slice == run.model.options.missing_slice);
    CHECK(again.target.features() == run.model.target.features());
    const spatial::ImputeOptions o{.intervals = {.draws = 6}};
    const spatial::Imputation a = spatial::impute(run.model, run.data, o), b = spatial::impute(again, run.data, o);
    CHECK(a.intervals.mean == b.intervals.mean);
    CHECK(a.intervals.low80 == b.intervals.low80);
    CHECK(a.intervals.high50 == b.intervals.high50);
    CHECK(a.gene_deviation == b.gene_deviation);
    CHECK(again.gene_around.value == run.model.gene_around.value);
    CHECK(again.gene_smoothing.value == run.model.gene_smoothing.value);
  }
  CHECK_THROWS_WITH(spatial::load(folder / "nothing.safetensors"), ContainsText("nothing.safetensors"));
}
