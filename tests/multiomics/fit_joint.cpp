#include <latentcell/multiomics/fit_joint.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("joint_options: zeros and ones are detection, few features weigh more, genes are thinned") {
  const Dataset d = dataset(40);
  const JointVaeOptions o = joint_options({rna_modality(d.cells), d.protein, *d.extra});
  REQUIRE(o.parts.size() == 3);
  CHECK(o.parts[0].observation == Observation::counts);
  CHECK(o.parts[0].count_thinning == 0.5f);
  CHECK(o.parts[0].weight == 1);
  CHECK(o.parts[1].observation == Observation::counts);
  CHECK(o.parts[1].count_thinning == 1);
  CHECK(o.parts[1].weight == 10);
  CHECK(o.parts[1].hidden == std::vector<Index>{64});
  CHECK(o.parts[2].observation == Observation::detection);
  CHECK(o.parts[2].count_thinning == 1);
  CHECK(o.kl_weight == 0.5f);
}

TEST_CASE("fit_joint: RNA is restricted to the most variable genes; a hook's stop gives nothing") {
  const Curved c = curved(60, 1);
  Stages stages;
  JointFitOptions o{.genes = 30, .epochs = 2};
  const auto model = fit_joint({c.rna, c.protein}, o, stages);
  REQUIRE(model);
  CHECK(model->features(0).size() == 30);
  CHECK(model->features(1) == c.protein.features);
  CHECK(stages.reports().front().name == "joint");
  CHECK(stages.reports().front().history.epochs.size() == 2);
  const auto again = fit_joint({c.rna, c.protein}, o, stages);
  const std::vector<Modality> cells = in_features_of(*model, {c.rna, c.protein});
  CHECK(encode(*model, cells).mean == encode(*again, cells).mean);
  o.fit.seed = 5;
  CHECK(encode(*fit_joint({c.rna, c.protein}, o, stages), cells).mean != encode(*model, cells).mean);
  CHECK_THROWS_WITH(fit_joint({}, o, stages), ContainsText("no modality"));
  CHECK_THROWS_WITH(fit_joint({c.rna, c.protein}, {.genes = 0}, stages),
                    ContainsText("fit_joint: genes must be at least 1, got 0"));
  CHECK_THROWS_WITH(fit_joint({c.rna, c.protein}, {.epochs = -1}, stages),
                    ContainsText("fit_joint: epochs must be at least 0, got -1"));
}
