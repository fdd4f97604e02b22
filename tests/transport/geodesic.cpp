#include <latentcell/transport/geodesic.hpp>

#include <cmath>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Points along a half circle of radius 1.
Matrix<float> arc(Index n) {
  Matrix<float> out(n, 2);
  for (Index i = 0; i < n; ++i) {
    const double angle = 3.14159265358979 * double(i) / double(n - 1);
    out(i, 0) = float(std::cos(angle));
    out(i, 1) = float(std::sin(angle));
  }
  return out;
}

}  // namespace

TEST_CASE("GeodesicGraph: the way around a half circle is as long as the half circle") {
  const Matrix<float> x = arc(200);
  const GeodesicGraph graph(view(x), {.neighbors = 4, .power = 1});
  const GeodesicGraph::Paths paths = graph.from(0);
  CHECK(paths.cost[199] == Approx(3.14159265).epsilon(1e-3));
  Index steps = 0;
  for (Index at = 199; at != 0; at = paths.before[to_size(at)]) {
    REQUIRE(at >= 0);
    ++steps;
  }
  CHECK(steps >= 50);
  CHECK(paths.before[0] == -1);
  CHECK(paths.cost[0] == 0);
}

TEST_CASE("GeodesicGraph: costs are those of all paths, by Floyd and Warshall") {
  Rng rng(3);
  Matrix<float> x(30, 2);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = float(rng.normal());
  const Index k = 29;  // every pair is joined
  const GeodesicGraph graph(view(x), {.neighbors = k, .power = 2});
  Matrix<double> d(30, 30);
  for (Index i = 0; i < 30; ++i) {
    for (Index j = 0; j < 30; ++j) d(i, j) = double((x.row(i) - x.row(j)).squaredNorm());
  }
  for (Index m = 0; m < 30; ++m) {
    for (Index i = 0; i < 30; ++i) {
      for (Index j = 0; j < 30; ++j) d(i, j) = std::min(d(i, j), d(i, m) + d(m, j));
    }
  }
  for (Index i = 0; i < 30; i += 7) {
    const auto paths = graph.from(i);
    for (Index j = 0; j < 30; ++j) CHECK(paths.cost[to_size(j)] == Approx(d(i, j)).epsilon(1e-5).margin(1e-9));
  }
}

TEST_CASE("GeodesicGraph: clusters far apart are joined by their shortest edge") {
  Matrix<float> x(6, 1);
  x << 0, 1, 2, 100, 101, 102;
  const GeodesicGraph graph(view(x), {.neighbors = 1, .power = 1});
  const auto paths = graph.from(0);
  CHECK(paths.cost[5] == Approx(102));
  CHECK(paths.before[3] == 2);
  CHECK_THROWS_WITH(GeodesicGraph(ConstView<float>(x.data(), 1, 1)), ContainsText("at least two points"));
}

TEST_CASE("resample_line: even steps of length, both ends kept") {
  Matrix<float> line(3, 2);
  line << 0, 0, 3, 0, 3, 1;
  const Matrix<float> out = resample_line(view(line), 5);
  CHECK(out.row(0) == line.row(0));
  CHECK(out.row(4) == line.row(2));
  CHECK(out(1, 0) == Approx(1));
  CHECK(out(3, 0) == Approx(3));
  CHECK(out(2, 0) == Approx(2));
  const Matrix<float> point = resample_line(ConstView<float>(line.data(), 1, 2), 3);
  CHECK(point.isZero());
}
