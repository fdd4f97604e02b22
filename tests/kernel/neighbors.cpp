#include <latentcell/kernel/neighbors.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using kernel::nearest_neighbors;
using kernel::Neighbors;

namespace {

Matrix<float> cloud(Index rows, Index cols, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(rows, cols);
  for (Index k = 0; k < out.size(); ++k) out.data()[k] = float(rng.normal());
  return out;
}

}  // namespace

TEST_CASE("nearest_neighbors: equals scikit-learn between two sets and within one") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("x"), z = reference.floats("z");
  const Neighbors between = nearest_neighbors(view(z), view(x), 4), within = nearest_neighbors(view(x), 3);
  const auto check = [&](const Neighbors& found, const std::string& name) {
    const Matrix<double> index = reference.matrix(name + "_index"), distance = reference.matrix(name + "_distance");
    REQUIRE(found.index.size() == index.size());
    for (Index k = 0; k < index.size(); ++k) {
      CHECK(found.index.data()[k] == Index(index.data()[k]));
      CHECK(found.distance.data()[k] == Approx(distance.data()[k]).epsilon(1e-6));
    }
  };
  check(between, "neighbors");
  check(within, "own_neighbors");
}

TEST_CASE("nearest_neighbors: equals sorting all distances, ties by index") {
  // A coarse grid has many equal distances; the sizes cross the borders of tiles.
  Matrix<float> points = (cloud(200, 2, 1) * 2.0f).array().round();
  const Neighbors found = nearest_neighbors(view(points), 7);
  for (Index i = 0; i < 200; ++i) {
    std::vector<std::pair<double, Index>> all;
    for (Index j = 0; j < 200; ++j) {
      const double dx = double(points(i, 0)) - double(points(j, 0)), dy = double(points(i, 1)) - double(points(j, 1));
      if (i != j) all.emplace_back(std::sqrt(dx * dx + dy * dy), j);
    }
    std::sort(all.begin(), all.end());
    for (Index k = 0; k < 7; ++k) {
      CHECK(found.index(i, k) == all[to_size(k)].second);
      CHECK(found.distance(i, k) == Approx(all[to_size(k)].first).margin(1e-12));
    }
  }
}

TEST_CASE("nearest_neighbors: a point is its own neighbor between sets, not within one") {
  const Matrix<float> x = cloud(70, 3, 2);
  const Neighbors between = nearest_neighbors(view(x), view(x), 1), within = nearest_neighbors(view(x), 1);
  for (Index i = 0; i < 70; ++i) {
    CHECK(between.index(i, 0) == i);
    CHECK(between.distance(i, 0) == 0.0);
    CHECK(within.index(i, 0) != i);
  }
}

TEST_CASE("nearest_neighbors: far from the origin close points are still told apart") {
  Matrix<float> x(3, 1);
  x << 10000.0f, 10000.002f, 10000.005f;
  const Neighbors found = nearest_neighbors(view(x), 2);
  CHECK(found.index(0, 0) == 1);
  CHECK(found.distance(0, 0) == double(x(1, 0)) - double(x(0, 0)));
}

TEST_CASE("nearest_neighbors: 1 and 3 threads give the same") {
  const Matrix<float> x = cloud(400, 10, 3), y = cloud(200, 10, 4);
  const int before = threads();
  set_threads(1);
  const Neighbors one = nearest_neighbors(view(y), view(x), 5);
  set_threads(3);
  const Neighbors three = nearest_neighbors(view(y), view(x), 5);
  set_threads(before);
  CHECK(one.index == three.index);
  CHECK(one.distance == three.distance);
}

TEST_CASE("nearest_neighbors: refuses too many neighbors and other widths") {
  const Matrix<float> x = cloud(5, 3, 5), y = cloud(5, 2, 6);
  CHECK_THROWS_WITH(nearest_neighbors(view(x), 5), ContainsText("5 neighbors among 4 other points"));
  CHECK_THROWS_WITH(nearest_neighbors(view(x), view(x), 6), ContainsText("6 neighbors among 5 points"));
  CHECK_THROWS_WITH(nearest_neighbors(view(x), view(y), 1), ContainsText("3 and 2 coordinates"));
  Matrix<float> bad = x;
  bad.row(2).setConstant(std::numeric_limits<float>::quiet_NaN());
  CHECK_THROWS_WITH(nearest_neighbors(view(bad), 1), ContainsText("row 2 has fewer than 1 points"));
}
