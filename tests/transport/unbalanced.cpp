#include <latentcell/transport/unbalanced.hpp>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/transport/sinkhorn.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<float> made_cost(Index n, Index m) {
  Rng rng(5);
  Matrix<float> out(n, m);
  for (Index i = 0; i < out.size(); ++i) out.data()[i] = float(rng.uniform_double());
  return out;
}

}  // namespace

TEST_CASE("unbalanced_sinkhorn: with stiff marginals it is balanced transport") {
  const Matrix<float> cost = made_cost(12, 9);
  const UnbalancedPlan loose =
      unbalanced_sinkhorn(view(cost), {.epsilon = 0.1, .marginal_relaxation = 1e5, .iterations = 200000});
  const TransportPlan tight = sinkhorn(view(cost), {.epsilon = 0.1, .tolerance = 1e-10});
  CHECK((loose.plan - tight.plan).cwiseAbs().maxCoeff() < 1e-5);
  for (const double g : loose.growth) CHECK(g == Approx(1).epsilon(1e-3));
}

TEST_CASE("unbalanced_sinkhorn: the plan meets the first-order conditions of its objective") {
  const Matrix<float> cost = made_cost(6, 7);
  const double epsilon = 0.2, marginal_relaxation = 0.5;
  const UnbalancedPlan p = unbalanced_sinkhorn(
      view(cost), {.epsilon = epsilon, .marginal_relaxation = marginal_relaxation, .tolerance = 1e-12});
  REQUIRE(p.converged);
  const double mean = double(cost.mean());
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < 7; ++j) {
      const double row = p.plan.row(i).sum() * 6, col = p.plan.col(j).sum() * 7;
      // d/dP: cost + marginal_relaxation log(row / a) + marginal_relaxation log(col / b) + epsilon log P = 0, costs in
      // units of their mean
      const double slope = double(cost(i, j)) / mean + marginal_relaxation * std::log(row) +
                           marginal_relaxation * std::log(col) + epsilon * std::log(p.plan(i, j));
      CHECK(slope == Approx(0).margin(1e-5));
    }
  }
}

TEST_CASE("unbalanced_sinkhorn: a far cell sends next to nothing, in any number of threads") {
  Matrix<float> cost = made_cost(5, 5);
  cost.row(2).array() += 50.0f;
  const int before = threads();
  set_threads(1);
  const UnbalancedPlan one = unbalanced_sinkhorn(view(cost), {.epsilon = 0.05, .marginal_relaxation = 0.05});
  set_threads(2);
  const UnbalancedPlan two = unbalanced_sinkhorn(view(cost), {.epsilon = 0.05, .marginal_relaxation = 0.05});
  set_threads(before);
  CHECK(one.plan == two.plan);
  CHECK(one.growth[2] < 1e-6);
  CHECK(one.growth[0] > 0.3);
  CHECK_THROWS_WITH(unbalanced_sinkhorn(view(cost), {.marginal_relaxation = 0}),
                    ContainsText("marginal_relaxation must be above 0, got 0"));
  CHECK_THROWS_WITH(unbalanced_sinkhorn(ConstView<float>(nullptr, 0, 3)), ContainsText("needs a cost"));
}
