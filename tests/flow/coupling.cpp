#include <algorithm>

#include <latentcell/core/tensor.hpp>
#include <latentcell/flow/coupling.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;

namespace {

Matrix<float> coupled(Coupling coupling, const Matrix<float>& data, Matrix<float> noise,
                      const std::vector<int>& group = {}) {
  Rng rng(4);
  couple<float>(coupling, support::window(data), view(noise), group, rng);
  return noise;
}

double cost(const Matrix<float>& data, const Matrix<float>& noise) { return double((data - noise).squaredNorm()); }

std::vector<float> sorted(const Matrix<float>& m) {
  std::vector<float> all(m.data(), m.data() + m.size());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("couple: rows change places and nothing else") {
  const Matrix<float> data = support::made_matrix<float>(40, 3, 1), noise = support::made_matrix<float>(40, 3, 2);
  CHECK(coupled(Coupling::independent, data, noise) == noise);
  for (Coupling c : {Coupling::optimal, Coupling::sinkhorn}) {
    const Matrix<float> moved = coupled(c, data, noise);
    CHECK(sorted(moved) == sorted(noise));
    CHECK(moved != noise);
  }
}

TEST_CASE("couple: the optimal assignment is the cheapest, the sinkhorn one in between") {
  const Matrix<float> data = support::made_matrix<float>(60, 2, 1), noise = support::made_matrix<float>(60, 2, 2);
  const double best = cost(data, coupled(Coupling::optimal, data, noise));
  const double soft = cost(data, coupled(Coupling::sinkhorn, data, noise));
  CHECK(best < soft);
  CHECK(soft < cost(data, noise));
  // In one dimension the cheapest is the sorted one.
  const Matrix<float> x = support::made_matrix<float>(30, 1, 3), y = support::made_matrix<float>(30, 1, 4);
  const std::vector<float> a = sorted(x), b = sorted(y);
  double expected = 0;
  for (std::size_t i = 0; i < 30; ++i) expected += double(a[i] - b[i]) * double(a[i] - b[i]);
  CHECK(cost(x, coupled(Coupling::optimal, x, y)) == Approx(expected).epsilon(1e-5));
}

TEST_CASE("couple: rows stay within their group") {
  const Matrix<float> data = support::made_matrix<float>(30, 2, 1), noise = support::made_matrix<float>(30, 2, 2);
  std::vector<int> group;
  for (int i = 0; i < 30; ++i) group.push_back(i % 3 - 1);
  for (Coupling c : {Coupling::optimal, Coupling::sinkhorn}) {
    const Matrix<float> moved = coupled(c, data, noise, group);
    for (int g : {-1, 0, 1}) {
      double before = 0, after = 0;
      for (Index i = 0; i < 30; ++i) {
        if (group[to_size(i)] != g) continue;
        before += double(noise.row(i).sum());
        after += double(moved.row(i).sum());
      }
      CHECK(after == Approx(before).epsilon(1e-6));
    }
  }
}

TEST_CASE("couple: shapes that disagree are named") {
  const Matrix<float> data = support::made_matrix<float>(3, 2, 1), noise = support::made_matrix<float>(3, 4, 2);
  REQUIRE_THROWS_WITH(coupled(Coupling::optimal, data, noise), ContainsText("noise (3, 4) but data (3, 2)"));
  REQUIRE_THROWS_WITH(coupled(Coupling::optimal, data, data, {1, 2}), ContainsText("2 groups for 3 cells"));
}
