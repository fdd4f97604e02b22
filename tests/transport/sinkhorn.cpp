#include <latentcell/transport/sinkhorn.hpp>

#include <cmath>
#include <limits>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/transport/assignment.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

namespace {

Matrix<float> cloud_cost(Index n, Index m, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> x(n, 3), y(m, 3);
  for (Index k = 0; k < x.size(); ++k) x.data()[k] = float(rng.normal());
  for (Index k = 0; k < y.size(); ++k) y.data()[k] = float(rng.normal() + 1.0);
  return kernel::squared_distances(view(x), view(y));
}

void check_marginals(const TransportPlan& t, double tolerance) {
  const double n = double(t.plan.rows()), m = double(t.plan.cols());
  double rows = 0, cols = 0;
  for (Index i = 0; i < t.plan.rows(); ++i) rows += std::abs(t.plan.row(i).sum() - 1 / n);
  for (Index j = 0; j < t.plan.cols(); ++j) cols += std::abs(t.plan.col(j).sum() - 1 / m);
  CHECK(rows == Approx(t.error).margin(1e-12));
  CHECK(rows <= tolerance);
  CHECK(cols <= 1e-12);
  CHECK(t.plan.minCoeff() >= 0.0);
}

}  // namespace

TEST_CASE("sinkhorn: equals POT with weights") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), z = reference.floats("z");
  const Matrix<float> cost = kernel::squared_distances(view(x), view(z));
  const TransportPlan t = sinkhorn(view(cost), reference.vector("weights_x"), reference.vector("weights_z"),
                                   {.epsilon = 0.1, .tolerance = 1e-12});
  CHECK(t.converged);
  CHECK(t.cost == Approx(reference.number("sinkhorn_cost")).epsilon(1e-7));
  const Matrix<double> expected = reference.matrix("sinkhorn_plan");
  for (Index k = 0; k < expected.size(); ++k) CHECK(t.plan.data()[k] == Approx(expected.data()[k]).margin(1e-9));
}

TEST_CASE("sinkhorn: the plan has the marginals asked for") {
  for (double epsilon : {1.0, 0.1, 0.02}) {
    const Matrix<float> cost = cloud_cost(30, 20, 1);
    const TransportPlan t = sinkhorn(view(cost), {.epsilon = epsilon, .tolerance = 1e-8, .iterations = 100000});
    CHECK(t.converged);
    check_marginals(t, 1e-8);
  }
}

TEST_CASE("sinkhorn: large epsilon gives the product of the weights") {
  const Matrix<float> cost = cloud_cost(8, 5, 2);
  const TransportPlan t = sinkhorn(view(cost), {.epsilon = 1e6});
  for (Index k = 0; k < t.plan.size(); ++k) CHECK(t.plan.data()[k] == Approx(1.0 / 40).epsilon(1e-4));
}

TEST_CASE("sinkhorn: small epsilon comes near the best assignment and never below it") {
  const Matrix<float> cost = cloud_cost(40, 40, 3);
  const double best = assign(view(cost)).cost / 40;
  double last = std::numeric_limits<double>::infinity();
  for (double epsilon : {0.3, 0.03, 0.003}) {
    const TransportPlan t = sinkhorn(view(cost), {.epsilon = epsilon, .tolerance = 1e-6, .iterations = 100000});
    CHECK(t.converged);
    CHECK(t.cost >= best - 1e-5);
    CHECK(t.cost < last);
    last = t.cost;
  }
  CHECK(last == Approx(best).epsilon(0.01));
}

TEST_CASE("sinkhorn: stays finite where the kernel underflows") {
  // exp(-cost / epsilon) is zero nearly everywhere: only steps in logarithms get through.
  const Matrix<float> cost = cloud_cost(25, 25, 4);
  const TransportPlan t = sinkhorn(view(cost), {.epsilon = 1e-5, .iterations = 3000});
  for (Index k = 0; k < t.plan.size(); ++k) REQUIRE(std::isfinite(t.plan.data()[k]));
  CHECK(t.plan.sum() == Approx(1.0));
  CHECK(t.cost == Approx(assign(view(cost)).cost / 25).epsilon(0.05));
}

TEST_CASE("sinkhorn: says when it has not converged, and throws where asked to") {
  const Matrix<float> cost = cloud_cost(20, 20, 5);
  SinkhornOptions options{.epsilon = 0.01, .tolerance = 1e-10, .iterations = 3};
  const TransportPlan t = sinkhorn(view(cost), options);
  CHECK_FALSE(t.converged);
  CHECK(t.iterations == 3);
  CHECK(t.error > 1e-10);
  options.not_converged = NotConverged::raise;
  CHECK_THROWS_AS(sinkhorn(view(cost), options), std::runtime_error);
  CHECK_THROWS_WITH(sinkhorn(view(cost), options),
                    ContainsText("in total after 3 iterations, more than the tolerance 1e-10"));
}

TEST_CASE("sinkhorn: 1 and 3 threads give the same") {
  const Matrix<float> cost = cloud_cost(400, 300, 6);
  const int before = threads();
  set_threads(1);
  const TransportPlan one = sinkhorn(view(cost), {.epsilon = 0.05, .iterations = 50});
  set_threads(3);
  const TransportPlan three = sinkhorn(view(cost), {.epsilon = 0.05, .iterations = 50});
  set_threads(before);
  CHECK(one.plan == three.plan);
  CHECK(one.cost == three.cost);
}

TEST_CASE("sinkhorn: refuses wrong input") {
  const Matrix<float> cost = Matrix<float>::Ones(3, 2);
  const std::vector<double> two{1, 1}, negative{1, -1};
  CHECK_THROWS_WITH(sinkhorn(view(cost), two, two), ContainsText("2 weights for 3 rows"));
  CHECK_THROWS_WITH(sinkhorn(view(cost), {}, negative), ContainsText("weights of columns must be positive, got -1"));
  CHECK_THROWS_WITH(sinkhorn(view(cost), {.epsilon = 0}), ContainsText("epsilon must be above 0, got 0"));
  CHECK_THROWS_WITH(sinkhorn(ConstView<float>(nullptr, 0, 2)), ContainsText("needs a cost, got (0, 2)"));
  Matrix<float> bad = cost;
  bad(0, 0) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(sinkhorn(view(bad)), ContainsText("not finite"));
}
