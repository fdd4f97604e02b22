#include <latentcell/spatial/align_slices.hpp>

#include <cmath>
#include <numbers>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::align_slices;
using spatial::ambiguous_alignments;
using spatial::candidate_alignments;
using spatial::RigidMotion;

namespace {

double apart(double a, double b) { return std::abs(std::remainder(a - b, 2 * std::numbers::pi)); }

// An ellipse of uniform density, `wide` times as wide as high.
Matrix<float> ellipse(float wide, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(300, 2);
  for (Index i = 0; i < 300; ++i) {
    const double r = 10 * std::sqrt(rng.uniform_double()), a = 2 * std::numbers::pi * rng.uniform_double();
    out.row(i) << wide * float(r * std::cos(a)), float(r * std::sin(a));
  }
  return out;
}

}  // namespace

TEST_CASE("RigidMotion: turns counter-clockwise, then shifts") {
  Matrix<float> x(1, 2);
  x << 1, 0;
  const RigidMotion quarter{std::numbers::pi / 2, {10, 20}, 0};
  CHECK(quarter(x)(0, 0) == Approx(10));
  CHECK(quarter(x)(0, 1) == Approx(21));
}

TEST_CASE("align_slices: undoes any turn and shift of the same points") {
  const Matrix<float> fixed = planted::bent_points(250, 1);
  for (const double turn : {0.6, 2.1, -2.5}) {
    const RigidMotion away{turn, {30, -7}, 0};
    const Matrix<float> moving = away(fixed);
    const RigidMotion back = align_slices({fixed, {}}, {moving, {}});
    CHECK(apart(back.angle, -turn) < 0.1);
    // Points that lie inside do not move, so the motion is known up to about the distance of neighbours.
    CHECK((back(moving) - fixed).cwiseAbs().maxCoeff() < 1.2 * spatial::inside_distance(fixed));
    CHECK(back.cost < 0.05);
  }
}

TEST_CASE("align_slices: other points of the same tissue, by their outline") {
  const RigidMotion away{0.9, {3, 0}, 0};
  const RigidMotion back = align_slices({planted::bent_points(300, 4), {}}, {away(planted::bent_points(300, 5)), {}});
  CHECK(apart(back.angle, -0.9) < 0.15);
}

TEST_CASE("align_slices: features decide where the outline does not, and so does a turn that is roughly known") {
  const Matrix<float> disc = ellipse(1, 3);
  Matrix<float> expression(300, 1);
  for (Index i = 0; i < 300; ++i) expression(i, 0) = disc(i, 0) / 5;
  const RigidMotion away{2.1, {30, -7}, 0};
  const Matrix<float> turned = away(disc);
  CHECK((align_slices({disc, expression}, {turned, expression})(turned) - disc).cwiseAbs().mean() < 1.0f);
  CHECK((align_slices({disc, {}}, {turned, {}}, -2.0)(turned) - disc).cwiseAbs().mean() < 1.5f);
  CHECK(candidate_alignments({disc, {}}, {turned, {}}, -2.0).size() == 1);
}

TEST_CASE("align_slices: the grid of an array does not hold the tissue to right angles") {
  // The same tissue, nearly round with a dent, on the grid of spots in two ways.
  const auto on_grid = [](double turn) {
    std::vector<float> at;
    for (int x = -12; x <= 12; ++x) {
      for (int y = -12; y <= 12; ++y) {
        const double u = std::cos(turn) * x - std::sin(turn) * y, v = std::sin(turn) * x + std::cos(turn) * y;
        const bool inside = u * u / 81 + v * v / 64 < 1 && (u - 5) * (u - 5) + (v - 6) * (v - 6) > 16;
        if (inside) at.push_back(float(x)), at.push_back(float(y));
      }
    }
    return Matrix<float>(Eigen::Map<const Matrix<float>>(at.data(), Index(at.size() / 2), 2));
  };
  CHECK(apart(align_slices({on_grid(0), {}}, {on_grid(2.4), {}}).angle, 2.4) < 0.12);
}

TEST_CASE("candidate_alignments: best first, 30 degrees apart; a disc is ambiguous, an ellipse twice, a bend never") {
  const RigidMotion away{0.9, {3, 0}, 0};
  const auto of = [&](const Matrix<float>& a, const Matrix<float>& b) {
    return candidate_alignments({a, {}}, {away(b), {}});
  };
  const std::vector<RigidMotion> bent = of(planted::bent_points(300, 4), planted::bent_points(300, 5)),
                                 disc = of(ellipse(1, 4), ellipse(1, 5)), oval = of(ellipse(2, 4), ellipse(2, 5));
  for (const auto& all : {bent, disc, oval}) {
    for (std::size_t k = 1; k < all.size(); ++k) {
      CHECK(all[k].cost >= all[k - 1].cost);
      for (std::size_t j = 0; j < k; ++j) CHECK(apart(all[k].angle, all[j].angle) >= std::numbers::pi / 6);
    }
  }
  CHECK(bent.size() > 1);
  CHECK(ambiguous_alignments(bent).empty());
  CHECK(ambiguous_alignments(disc).size() >= 5);    // of twelve that are 30 degrees apart
  REQUIRE(ambiguous_alignments(oval).size() == 1);  // upside down
  CHECK(apart(oval[1].angle, oval[0].angle) == Approx(std::numbers::pi).margin(0.2));
}

TEST_CASE("ambiguous_alignments: less than twice the cost, or 0.02 more") {
  const auto of = [](double best, double other) {
    return ambiguous_alignments({RigidMotion{0, {0, 0}, best}, RigidMotion{1, {0, 0}, other}}).size();
  };
  CHECK(of(0.1, 0.19) == 1);
  CHECK(of(0.1, 0.21) == 0);
  CHECK(of(0.001, 0.02) == 1);
  CHECK(of(0.001, 0.022) == 0);
}

TEST_CASE("inside_distance: all but 5 % of the points have a neighbour within it") {
  Matrix<float> at = Matrix<float>::Zero(100, 2);
  for (Index i = 0; i < 100; ++i) at(i, 0) = i < 97 ? float(i) : float(1000 * i);
  CHECK(spatial::inside_distance(at) == Approx(1));
  CHECK_THROWS_WITH(align_slices({at.topRows(2), {}}, {at, {}}), ContainsText("at least three points"));
  CHECK_THROWS_WITH(align_slices({at, at}, {at, at.topRows(3)}), ContainsText("features (100, 2) and (3, 2)"));
}
