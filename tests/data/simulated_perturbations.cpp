#include <latentcell/data/simulated_perturbations.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {
const SimulateOptions some{.genes = 50, .types = 3, .perturbations = 4};
}

TEST_CASE("SimulatedPerturbations: shared responses of types differ in strength alone, own ones in genes") {
  for (const double shared : {1.0, 0.0}) {
    SimulateOptions o = some;
    o.shared_response = shared;
    Rng rng(2);
    const SimulatedPerturbations p(o, rng);
    for (Index k = 0; k < 4; ++k) {
      const auto a = p.effect(0).row(k), b = p.effect(2).row(k);
      const double cosine = a.dot(b) / (a.norm() * b.norm());
      if (shared == 1) CHECK(cosine == Approx(1));
      if (shared == 0) CHECK(std::abs(cosine) < 0.9);
    }
    for (Index k = 0; k < 4; ++k) CHECK(p.embedding().row(k).norm() == Approx(1));
  }
}

TEST_CASE("SimulatedPerturbations: treatments name their genes; pairs and doses only where asked for") {
  Rng rng(3);
  SimulateOptions o = some;
  const SimulatedTreatment single = SimulatedPerturbations(o, rng).draw(400, rng);
  for (std::size_t i = 0; i < 400; ++i) {
    CHECK(single.second[i] == -1);
    CHECK(single.dose[i] == (single.first[i] < 0 ? 0 : 1));
  }
  o.combinations = o.doses = true;
  const SimulatedTreatment both = SimulatedPerturbations(o, rng).draw(400, rng);
  Index pairs = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    const std::string& name = both.condition.levels[to_size(both.condition.codes[i])];
    const bool pair = both.second[i] >= 0;
    CHECK((name.find('+') != std::string::npos) == pair);
    if (pair) CHECK(both.first[i] < both.second[i]);
    pairs += pair ? 1 : 0;
  }
  CHECK(pairs > 40);
}

TEST_CASE("SimulatedPerturbations: one treatment for all; none draws no random numbers; nonsense is named") {
  Rng rng(4);
  const SimulatedPerturbations p(some, rng);
  const SimulatedTreatment two = p.all_under("gene_2+gene_4", 0.5, 3);
  CHECK(two.first == std::vector<Index>(3, 1));
  CHECK(two.second == std::vector<Index>(3, 3));
  CHECK(two.dose == std::vector<double>(3, 0.5));
  CHECK(p.all_under("control", 1, 2).dose == std::vector<double>(2, 0.0));
  CHECK_THROWS_WITH(p.all_under("gene_5", 1, 2), ContainsText("'gene_5' is neither 'control' nor one or two of"));
  SimulateOptions none = some;
  none.perturbations = 0;
  Rng used(9), unused(9);
  const SimulatedPerturbations empty(none, used);
  CHECK(used.uniform() == unused.uniform());
  SimulateOptions flat = some;
  flat.marker_strength = 0;
  CHECK_THROWS_WITH(SimulatedPerturbations(flat, rng),
                    ContainsText("perturbations need a marker_strength other than 0"));
}
