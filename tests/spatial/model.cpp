#include <latentcell/spatial/model.hpp>

#include <latentcell/autodiff/visit.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

std::vector<std::string> names(Index n, const std::string& prefix) {
  std::vector<std::string> out;
  for (Index i = 0; i < n; ++i) out.push_back(text(prefix, i));
  return out;
}

spatial::Options small() {
  spatial::Options o;
  o.target.features = names(70, "gene_");
  o.target.components = 6;
  o.ensemble.members = 2;
  o.ensemble.velocity_net = {.width = 8, .depth = 1, .condition = 8};
  o.context = {.neighbors = {1, 4}, .kriged = 10, .waves = 2};
  return o;
}

}  // namespace

TEST_CASE("spatial::Model: the condition has the context's features, and the panel's where there is one") {
  Rng rng(1);
  spatial::Options o = small();
  const spatial::Model alone(o, rng);
  CHECK(alone.n_condition() == 3 * 6 + 2 + 2 + 8 + 1);
  CHECK(!alone.panel);
  o.panel = conformal::ModalityEncoderOptions{"panel", names(5, "p"), 3};
  const spatial::Model beside(o, rng);
  CHECK(beside.n_condition() == alone.n_condition() + beside.panel->n_condition());
  CHECK(beside.panel->n_condition() == 5 + 2);  // five genes are taken as they are
}

TEST_CASE("spatial::Model: before a fit the flows count fully and genes have unit deviation; all state is visited") {
  Rng rng(1);
  const spatial::Model model(small(), rng);
  CHECK(model.stacking_weight.value == Matrix<float>::Ones(1, 6));
  CHECK(model.gene_deviation.value == Matrix<float>::Ones(1, 70));
  std::vector<std::string> seen;
  visit_state(model, [&](std::string_view name, const auto&) { seen.emplace_back(name); });
  for (const char* name : {"stacking_weight", "gene_deviation", "context.variogram", "context.frame", "target.depth",
                           "flows.interval_scale"})
    CHECK(std::count(seen.begin(), seen.end(), name) == 1);
}
