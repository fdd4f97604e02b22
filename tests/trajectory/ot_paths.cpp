#include <latentcell/trajectory/ot_paths.hpp>

#include <cmath>
#include <numbers>

#include "support/catch.hpp"

using namespace latentcell;
using trajectory::ot_paths;
using trajectory::OtPaths;
using trajectory::PathShape;

namespace {

struct Cells {
  Matrix<float> at;
  std::vector<double> time;
};

/// Cells at times 0, 1, ... on two lines, 4 apart, that move by 3; `counts` cells of each time, alternating lines.
Cells two_lines(const std::vector<Index>& counts, std::uint64_t seed = 1) {
  Rng rng(seed);
  Cells out;
  Index n = 0;
  for (const Index c : counts) n += c;
  out.at.resize(n, 2);
  Index row = 0;
  for (std::size_t t = 0; t < counts.size(); ++t) {
    for (Index i = 0; i < counts[t]; ++i, ++row) {
      out.at(row, 0) = float(3 * double(t) + 0.3 * rng.normal());
      out.at(row, 1) = float((i % 2 == 0 ? -2 : 2) + 0.3 * rng.normal());
      out.time.push_back(double(t));
    }
  }
  return out;
}

/// Share of the paths that change lines.
double crossing(const OtPaths& p) {
  double crossed = 0;
  for (Index k = 0; k < p.size(); ++k) {
    crossed += p.points(k * p.knots, 1) * p.points(k * p.knots + p.knots - 1, 1) < 0 ? 1.0 : 0.0;
  }
  return crossed / double(p.size());
}

}  // namespace

TEST_CASE("OtPaths: momentum is constant on a path with growth, and velocity is the slope of position") {
  OtPaths p;
  p.knots = 3;
  p.points.resize(3, 1);
  p.points << 0, 1, 2;
  p.from = {0};
  p.to = {1};
  for (const double growth : {1.0, 4.0, 0.25}) {
    p.growth = {growth};
    float position = 0, velocity = 0, above = 0, below = 0, unused = 0;
    for (const double s : {0.2, 0.5, 0.8}) {
      p.at(0, s, &position, &velocity);
      p.at(0, s + 1e-3, &above, &unused);
      p.at(0, s - 1e-3, &below, &unused);
      CHECK(double(velocity) == Approx(double(above - below) / 2e-3).epsilon(0.01));
      const double root_mass = 1 + (std::sqrt(growth) - 1) * s;
      CHECK(double(velocity) * root_mass * root_mass == Approx(2 * std::sqrt(growth)).epsilon(1e-4));
    }
    p.at(0, 1, &position, &velocity);
    CHECK(double(position) == Approx(2));
    p.at(0, 0, &position, &velocity);
    CHECK(position == 0);
  }
}

TEST_CASE("OtPaths: the points of a bent path are visited in order, at one speed without growth") {
  OtPaths p;
  p.knots = 3;
  p.points.resize(6, 2);
  p.points << 9, 9, 9, 9, 9, 9, 0, 0, 1, 0, 1, 1;
  p.from = {0, 0};
  p.to = {1, 1};
  p.growth = {1, 1};
  float position[2], velocity[2];
  p.at(1, 0.25, position, velocity);
  CHECK(position[0] == Approx(0.5f));
  CHECK(position[1] == 0);
  CHECK(velocity[0] == Approx(2.0f));
  p.at(1, 0.75, position, velocity);
  CHECK(position[0] == Approx(1.0f));
  CHECK(position[1] == Approx(0.5f));
  CHECK(velocity[1] == Approx(2.0f));
}

TEST_CASE("ot_paths: pairs across each time step, on the nearer line, at least as many as asked for") {
  const Cells cells = two_lines({40, 40, 40});
  Rng rng(2);
  for (const PathShape shape : {PathShape::straight, PathShape::manifold}) {
    const OtPaths p = ot_paths(view(cells.at), cells.time,
                               {.shape = shape, .window = 40, .epsilon = 0.05, .growth = true, .pairs = 400}, rng);
    CHECK(p.size() >= 400);
    CHECK(p.points.rows() == p.size() * p.knots);
    Index first_step = 0;
    for (Index k = 0; k < p.size(); ++k) {
      CHECK(p.to[to_size(k)] == p.from[to_size(k)] + 1);
      CHECK(p.growth[to_size(k)] == 1);
      // A path ends at cells of the times it names.
      CHECK(std::abs(double(p.points(k * p.knots, 0)) - 3 * p.from[to_size(k)]) < 1.5);
      CHECK(std::abs(double(p.points(k * p.knots + p.knots - 1, 0)) - 3 * p.to[to_size(k)]) < 1.5);
      first_step += p.from[to_size(k)] == 0;
    }
    CHECK(first_step * 2 == p.size());
    CHECK(crossing(p) < 0.05);
  }
}

TEST_CASE("ot_paths: costs are squared lengths, so that no two paths on a line cross, straight or along the cells") {
  // Late cells are the early ones, moved on by half their extent. With lengths in place of their squares every pairing
  // that leads forward would cost the same.
  constexpr Index n = 40;
  Cells cells{Matrix<float>(2 * n, 1), {}};
  for (Index i = 0; i < 2 * n; ++i) {
    cells.at(i, 0) = float(i % n) / float(n) + (i < n ? 0.0f : 0.5f);
    cells.time.push_back(i < n ? 0 : 1);
  }
  for (const PathShape shape : {PathShape::straight, PathShape::manifold}) {
    Rng rng(2);
    const OtPaths p =
        ot_paths(view(cells.at), cells.time,
                 {.shape = shape, .window = n, .epsilon = 0.01, .marginal_relaxation = 0, .pairs = 2000}, rng);
    double worst = 0;
    for (Index k = 0; k < p.size(); ++k)
      worst =
          std::max(worst, std::abs(double(p.points(k * p.knots + p.knots - 1, 0) - p.points(k * p.knots, 0)) - 0.5));
    CHECK(worst < 0.25);
  }
}

TEST_CASE("ot_paths: paths along the cells keep to them, straight ones cut through empty space") {
  // Two quarters of a circle.
  constexpr Index n = 60;
  Cells cells{Matrix<float>(2 * n, 2), {}};
  for (Index i = 0; i < 2 * n; ++i) {
    const double angle = std::numbers::pi * double(i) / double(2 * n);
    cells.at(i, 0) = float(std::cos(angle));
    cells.at(i, 1) = float(std::sin(angle));
    cells.time.push_back(i < n ? 0 : 1);
  }
  const auto smallest_radius = [&](PathShape shape) {
    Rng rng(2);
    const OtPaths p = ot_paths(view(cells.at), cells.time, {.shape = shape, .window = n, .pairs = 200}, rng);
    double least = 1;
    for (Index k = 0; k < p.size(); ++k) {
      for (const double s : {0.25, 0.5, 0.75}) {
        float position[2], velocity[2];
        p.at(k, s, position, velocity);
        least = std::min(least, double(std::hypot(position[0], position[1])));
      }
    }
    return least;
  };
  CHECK(smallest_radius(PathShape::straight) < 0.85);
  CHECK(smallest_radius(PathShape::manifold) > 0.97);
}

TEST_CASE("ot_paths: with growth the numbers of cells are the tissue's") {
  const Cells cells = two_lines({20, 40});
  Rng rng(2);
  for (const bool growth : {false, true}) {
    const OtPaths p = ot_paths(view(cells.at), cells.time, {.window = 40, .growth = growth, .pairs = 100}, rng);
    CHECK(p.growth.front() == Approx(growth ? 2 : 1));
  }
}

TEST_CASE("ot_paths: where a line dies out its cells must cross unless the marginals may relax") {
  Cells cells = two_lines({40, 40});
  Cells one_line{Matrix<float>(60, 2), {}};  // of the late cells the lower line alone
  for (Index i = 0; i < 60; ++i) {
    const Index row = i < 40 ? i : 40 + 2 * (i - 40);
    one_line.at.row(i) = cells.at.row(row);
    one_line.time.push_back(cells.time[to_size(row)]);
  }
  const auto crossing_at = [&](double relaxation) {
    Rng rng(2);
    return crossing(ot_paths(view(one_line.at), one_line.time,
                             {.window = 40, .epsilon = 0.05, .marginal_relaxation = relaxation, .pairs = 400}, rng));
  };
  CHECK(crossing_at(0) == Approx(0.5).margin(0.1));
  CHECK(crossing_at(0.05) < 0.25);
}

TEST_CASE("ot_paths: a window takes the cells nearest in time, of as many times as it needs") {
  // Times of one cell each: with a window of three, a path leads at most three times back and three ahead.
  Cells cells{Matrix<float>(12, 1), {}};
  for (Index i = 0; i < 12; ++i) cells.at(i, 0) = float(i), cells.time.push_back(double(i));
  Rng rng(2);
  const OtPaths p = ot_paths(view(cells.at), cells.time, {.window = 3, .epsilon = 1, .pairs = 2000}, rng);
  double longest = 0;
  for (Index k = 0; k < p.size(); ++k) longest = std::max(longest, p.to[to_size(k)] - p.from[to_size(k)]);
  CHECK(longest == 5);
}

TEST_CASE("ot_paths: nonsense is refused with its numbers") {
  const Cells cells = two_lines({4, 4});
  Rng rng(2);
  CHECK_THROWS_WITH(ot_paths(view(cells.at), std::vector<double>(8, 1.0), {}, rng),
                    ContainsText("cells of two times at least, there are 1"));
  CHECK_THROWS_WITH(ot_paths(view(cells.at), {1.0}, {}, rng), ContainsText("1 times for 8 cells"));
  CHECK_THROWS_WITH(ot_paths(view(cells.at), cells.time, {.window = 1}, rng), ContainsText("window"));
  CHECK_THROWS_WITH(ot_paths(view(cells.at), cells.time, {.epsilon = 0}, rng), ContainsText("epsilon"));
  CHECK_THROWS_WITH(ot_paths(view(cells.at), cells.time, {.marginal_relaxation = -1}, rng),
                    ContainsText("marginal_relaxation"));
  CHECK_THROWS_WITH(ot_paths(view(cells.at), cells.time, {.pairs = 0}, rng), ContainsText("pairs"));
}
