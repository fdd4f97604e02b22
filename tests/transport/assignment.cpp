#include <latentcell/transport/assignment.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/kernel/pairwise.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

namespace {

Matrix<float> random_cost(Index n, std::uint64_t seed, std::uint64_t levels) {
  Rng rng(seed);
  Matrix<float> cost(n, n);
  for (Index k = 0; k < cost.size(); ++k) cost.data()[k] = levels == 0 ? rng.uniform() : float(rng.below(levels));
  return cost;
}

// The prices prove that no other matching is cheaper.
template <class T>
void check_optimal(const Matrix<T>& cost, const Assignment& a) {
  std::vector<Index> sorted = a.column;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t j = 0; j < sorted.size(); ++j) REQUIRE(sorted[j] == Index(j));
  double worst = 0, sum = 0, prices = 0;
  for (Index i = 0; i < cost.rows(); ++i) {
    for (Index j = 0; j < cost.cols(); ++j) {
      worst = std::max(worst, a.row_price[to_size(i)] + a.column_price[to_size(j)] - double(cost(i, j)));
    }
    sum += double(cost(i, a.column[to_size(i)]));
    prices += a.row_price[to_size(i)] + a.column_price[to_size(i)];
  }
  CHECK(worst <= 1e-9 * (1 + std::abs(sum)));
  CHECK(a.cost == Approx(sum));
  CHECK(prices == Approx(sum).margin(1e-9));
}

}  // namespace

TEST_CASE("assign: equals SciPy's linear_sum_assignment") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), y = reference.floats("y");
  const Matrix<float> cost = kernel::squared_distances(view(x), view(y));
  const Assignment a = assign(view(cost));
  const std::vector<int> expected = reference.integers("assignment_column");
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(a.column[i] == expected[i]);
  check_optimal(cost, a);
}

TEST_CASE("assign: equals trying all orders of up to seven") {
  for (Index n = 1; n <= 7; ++n) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      const Matrix<float> cost = random_cost(n, seed + 100 * std::uint64_t(n), seed % 2 == 0 ? 0 : 4);
      std::vector<Index> order(to_size(n));
      std::iota(order.begin(), order.end(), Index(0));
      double best = std::numeric_limits<double>::infinity();
      do {
        double sum = 0;
        for (Index i = 0; i < n; ++i) sum += double(cost(i, order[to_size(i)]));
        best = std::min(best, sum);
      } while (std::next_permutation(order.begin(), order.end()));
      CHECK(assign(view(cost)).cost == Approx(best));
    }
  }
}

TEST_CASE("assign: prices prove the answer, with many ties, negative and huge costs") {
  for (std::uint64_t levels : {0u, 2u, 5u, 1000u}) {
    Matrix<float> cost = random_cost(150, levels + 7, levels);
    check_optimal(cost, assign(view(cost)));
    cost.array() -= 300.0f;
    check_optimal(cost, assign(view(cost)));
    cost *= 1e20f;
    const Assignment a = assign(view(cost));
    CHECK(std::isfinite(a.cost));
  }
  const Matrix<float> equal = Matrix<float>::Constant(40, 40, 3.0f);
  CHECK(assign(view(equal)).cost == Approx(120.0));
  Matrix<double> wide = random_cost(60, 9, 0).cast<double>();
  check_optimal(wide, assign(view(wide)));
}

TEST_CASE("assign: finds a shuffled copy of a point set") {
  Rng rng(3);
  Matrix<float> x(200, 6), y(200, 6);
  std::vector<Index> place(200);
  std::iota(place.begin(), place.end(), Index(0));
  shuffle(std::span<Index>(place), rng);
  for (Index k = 0; k < x.size(); ++k) x.data()[k] = float(rng.normal());
  for (Index i = 0; i < 200; ++i) y.row(place[to_size(i)]) = x.row(i);
  const Matrix<float> cost = kernel::squared_distances(view(x), view(y));
  const Assignment a = assign(view(cost));
  CHECK(a.column == place);
  CHECK(a.cost == 0.0);
}

TEST_CASE("assign: points on a line are matched in order") {
  Rng rng(4);
  std::vector<float> a(120), b(120);
  for (float& v : a) v = float(rng.normal());
  for (float& v : b) v = float(rng.normal() + 1.0);
  const Matrix<float> cost =
      kernel::squared_distances(ConstView<float>(a.data(), 120, 1), ConstView<float>(b.data(), 120, 1));
  const double found = assign(view(cost)).cost;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double expected = 0;
  for (std::size_t i = 0; i < a.size(); ++i) expected += std::pow(double(a[i]) - double(b[i]), 2);
  CHECK(found == Approx(expected).epsilon(1e-6));
}

TEST_CASE("assign: refuses costs that are not square or not finite") {
  const Matrix<float> wide = Matrix<float>::Zero(2, 3);
  CHECK_THROWS_WITH(assign(view(wide)), ContainsText("as many rows as columns, got (2, 3)"));
  Matrix<float> bad = Matrix<float>::Zero(3, 3);
  bad(1, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(assign(view(bad)), ContainsText("assign: cost (1, 2) is nan"));
  CHECK(assign(ConstView<float>(nullptr, 0, 0)).column.empty());
}
